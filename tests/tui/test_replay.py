"""A recording in the console: the same pictures at the same moments, at a pace of one's own."""

import asyncio
import re

import msgspec
import pytest

from infertop.engine.commands import SetArrivals, SetConcurrency
from infertop.engine.plan import ArrivalsPlan, BackendPlan
from infertop.profiles.library import plan_of
from infertop.sessions.journal.reader import open_recording
from infertop.sessions.session import Session
from infertop.sessions.wire import Order
from infertop.tui.app import InfertopApp
from infertop.tui.cli import main
from infertop.tui.draw.glyphs import Tier
from infertop.tui.feed import FrameArrived
from infertop.tui.keys import KEYS, Keys
from infertop.tui.replay import SPEEDS, ReplayApp, replay_keys
from infertop.tui.replay_reel import MOST_CHECKPOINTS, Reel

from .frames import STACKS, Fleet, Tape
from .recordings import recorded
from .screen import text
from .test_hostile import HOSTILE, assert_harmless, hostile_frame

SECOND = 1_000_000_000


def fleet_frames(seconds, stacks=STACKS[:4]):
    """Ten frames a second; the load rises at a third and falls at two thirds."""
    fleet = Fleet(stacks)
    made = []
    for tenth in range(seconds * 10):
        for part, concurrency in ((1, 12), (2, 6)):
            if tenth == seconds * 10 * part // 3:
                fleet.mark(f"concurrency {concurrency}")
                fleet.arrivals = ArrivalsPlan(concurrency=concurrency)
        made.append(fleet.advance(0.1).frame())
    return [*made, fleet.advance(0.1).frame(phase="done", stop_reason="duration")]


@pytest.fixture(scope="module")
def minute(tmp_path_factory):
    """A recording of a minute: (path, its frames)."""
    path = tmp_path_factory.mktemp("minute") / "minute.itop"
    return path, recorded(path, fleet_frames(60))


class Player:
    """A replay under a pilot."""

    def __init__(self, app, pilot):
        self.app = app
        self.pilot = pilot

    async def press(self, *keys):
        """The picture after `keys`, once it stands still."""
        await self.pilot.press(*keys)
        return await self.settled()

    async def settled(self):
        for _ in range(500):
            await self.pilot.pause(0.01)
            if self.app._going is None and "weighing" not in text(self.app):
                return text(self.app)
        raise AssertionError("the replay did not settle")

    @property
    def at_s(self):
        return self.app._reel.now_ns / SECOND


class Open:
    """`async with Open(path) as player`."""

    def __init__(self, path, size=(120, 40), **options):
        self._recording = open_recording(path)
        options = {"paused": True, "tier": Tier.BRAILLE, "shades": True} | options
        self._app = ReplayApp(self._recording, **options)
        self._test = self._app.run_test(size=size)

    async def __aenter__(self):
        player = Player(self._app, await self._test.__aenter__())
        await player.settled()
        return player

    async def __aexit__(self, *error):
        await self._test.__aexit__(*error)
        self._recording.close()


def body(picture):
    """A picture without the header's first line and the footer, and LIVE labels as a replay has them."""
    return [re.sub("[─━]{2} LIVE ", " REPLAY ", line) for line in picture.splitlines()[1:-1]]


async def judged(app, pilot):
    """Wait until the verdicts on screen are those of the frame on screen."""
    seen = asyncio.Event()
    original = app._judging._settle

    def settle(judgement):
        original(judgement)
        seen.set()

    app._judging._settle = settle
    app._judging.hurry()
    for _ in range(100):
        await pilot.pause(0.01)
        if seen.is_set():
            break
    app._judging._settle = original
    return text(app)


SIMULATED = (STACKS[0], STACKS[1], STACKS[3])


@pytest.mark.parametrize(
    ("size", "stacks"),
    [((120, 40), SIMULATED), ((50, 20), SIMULATED), ((120, 40), STACKS[2:4])],
    ids=["120x40", "50x20", "with a live backend"],
)
async def test_what_was_seen_live_is_seen_again(tmp_path, size, stacks):
    frames = fleet_frames(7, stacks)
    kept = recorded(tmp_path / "a.itop", frames)
    chosen = kept[2::4]
    live = {}
    app = InfertopApp(Tape(), tier=Tier.BRAILLE, shades=True)
    async with app.run_test(size=size) as pilot:
        for frame in frames:  # live, all frames are seen; replayed, those in the journal
            app.on_frame_arrived(FrameArrived(frame))
            if frame in chosen:
                await pilot.pause(0.01)
                live[frame.seq] = await judged(app, pilot)
    async with Open(tmp_path / "a.itop", size) as player:
        for frame in chosen:
            player.app._go(kept.index(frame))
            await player.settled()
            assert player.app._model.frame.seq == frame.seq
            again = await judged(player.app, player.pilot)
            assert body(again) == body(live[frame.seq])
            assert "REPLAY" in again


@pytest.mark.slow
async def test_a_real_run_is_seen_again(tmp_path):
    """A run of the simulated fleet and of a port where nobody answers, through the real engine, host and journal."""
    fleet = plan_of("fleet")
    dead = BackendPlan(name="dead", url="http://127.0.0.1:9/v1", model="m")
    plan = msgspec.structs.replace(fleet, backends=(*fleet.backends[:3], dead), duration_s=8.0)
    session = await Session.start(Order(plan=plan, folder=str(tmp_path)))
    app = InfertopApp(session, tier=Tier.BRAILLE, shades=True)
    app._feed.hz = 10
    asked = [(3, SetConcurrency(5)), (5, SetArrivals(ArrivalsPlan(kind="poisson", rate_per_s=6)))]
    live = {}
    async with app.run_test(size=(120, 40)) as pilot:
        while app._model.frame is None or app._model.frame.phase != "done":
            await pilot.pause(0.02)
            if asked and app._model.frame and app._model.frame.at_ns > asked[0][0] * SECOND:
                session.send(asked.pop(0)[1])
            if app._model.frame and app._model.frame.at_ns // SECOND > len(live):
                await pilot.press("space")  # the picture stands still while it is judged; the run goes on
                live[app._frozen.frame.seq] = await judged(app, pilot)
                await pilot.press("space")
        live[app._model.frame.seq] = await judged(app, pilot)
    await session.stop()
    with open_recording(session.status.file) as recording:
        kept = [frame.seq for frame in recording.frames()]
        assert [marker.text for marker in recording.markers()] == ["concurrency 5", "Poisson, 6/s"]
    compared = 0
    async with Open(session.status.file) as player:
        for number, seq in enumerate(kept):
            if seq in live:
                player.app._go(number)
                await player.settled()
                assert body(await judged(player.app, player.pilot)) == body(live[seq])
                compared += 1
    assert compared >= 4


async def test_it_plays_at_the_speed_asked_for_and_stops_at_the_end(minute):
    now = [0.0]
    path, frames = minute
    async with Open(path, paused=False, clock=lambda: now[0]) as player:
        assert player.at_s == frames[0].at_ns / SECOND
        for speed in (1, 2, 4):
            before_s = player.app._position_ns / SECOND
            now[0] += 3
            await player.pilot.pause(0.15)
            await player.settled()
            assert player.app._position_ns / SECOND == pytest.approx(before_s + 3 * speed)
            assert before_s + 3 * speed - 1.1 < player.at_s <= before_s + 3 * speed
            await player.press("plus")
        now[0] += 60
        await player.pilot.pause(0.15)
        assert "REPLAY PAUSED" in await player.settled()
        assert player.at_s == frames[-1].at_ns / SECOND
        assert "DONE time is up" in text(player.app)
        await player.press("space")  # once more from the start
        assert player.at_s < 1


async def test_every_key_of_the_player(minute):
    path, frames = minute
    last_s = frames[-1].at_ns / SECOND
    async with Open(path) as player:
        assert "00:20" in await player.press("right", "right")
        assert player.at_s == 20
        await player.press("left")
        assert player.at_s == 10
        await player.press("full_stop", "full_stop")
        assert player.at_s == 12
        await player.press("comma")
        assert player.at_s == 11
        assert "concurrency 12" in await player.press("n")
        assert 20 <= player.at_s < 21
        assert "concurrency 6" in await player.press("n")
        assert 40 <= player.at_s < 41
        await player.press("n")
        assert player.at_s == last_s
        await player.press("N")
        assert 40 <= player.at_s < 41
        await player.press("N", "N")
        assert player.at_s < 1
        await player.press("end")
        assert player.at_s == last_s
        await player.press("home")
        assert player.at_s < 1
        await player.press("left")
        assert player.at_s < 1
        for speed in SPEEDS[3:]:
            await player.press("plus")
            assert player.app._speed == speed
        await player.press("plus")
        assert player.app._speed == 60
        for _ in SPEEDS:
            await player.press("minus")
        assert player.app._speed == 0.25
        assert "REPLAY ×0.25" in await player.press("space")
        assert "REPLAY PAUSED" in await player.press("space")
        assert "┏ ■ MI300X" in await player.press("l")
        assert "┏ ● H200" in await player.press("h")


def test_it_has_the_keys_that_are_tested_here_and_those_of_the_console():
    console = {binding.id for binding in KEYS}
    assert {binding.id for binding in replay_keys(Keys()).bindings} - console == {
        "pause", "seek-on", "seek-back", "step-on", "step-back", "chapter-next", "chapter-previous", "start", "end",
        "faster", "slower",
    }  # fmt: skip


async def test_back_is_the_same_as_never_having_gone_on(minute):
    path, _ = minute
    async with Open(path) as player:
        player.app._go(31)
        await player.settled()
        first = body(await judged(player.app, player.pilot))
        await player.press("end")
        player.app._go(31)
        await player.settled()
        assert body(await judged(player.app, player.pilot)) == first


def test_checkpoints_stay_few_and_spread(tmp_path):
    fleet = Fleet(STACKS[:1])
    frames = [fleet.advance(1).frame() for _ in range(900)]
    kept = recorded(tmp_path / "long.itop", frames)
    with open_recording(tmp_path / "long.itop") as recording:
        reel = Reel(recording)
        reel.go(899)
        assert len(reel._checkpoints) == MOST_CHECKPOINTS
        numbers = [number for number, _ in reel._checkpoints]
        assert max(later - earlier for earlier, later in zip([0, *numbers], [*numbers, 900], strict=True)) <= 400
        for target in (850, 300, 299, 20, 899):
            reel.go(target)
            assert reel.at == target
            assert reel.model.frame.seq == kept[target].seq


def test_keys_that_steer_a_run_are_not_there():
    keys = replay_keys(Keys())
    ids = [binding.id for binding in keys.bindings]
    assert not {"load-up", "load-down", "arrivals", "workload", "save", "detach", "freeze"} & set(ids)
    assert {"quit", "help", "metric-next", "theme", "pause", "seek-on"} <= set(ids)
    pressed = [key for binding in keys.bindings for key in binding.key.split(",")]
    assert len(pressed) == len(set(pressed))


async def test_hostile_text_of_a_recording_is_harmless(tmp_path):
    frames = [msgspec.structs.replace(hostile_frame(text_of), seq=at) for at, text_of in enumerate(HOSTILE)]
    for at, frame in enumerate(frames):
        recorded(tmp_path / f"{at}.itop", [frame])
        async with Open(tmp_path / f"{at}.itop", (100, 30)) as player:
            for keys in ((), ("enter",), ("escape", "question_mark")):
                assert_harmless(await player.press(*keys))


async def test_a_damaged_frame_is_told_and_what_came_before_stays(tmp_path):
    import sqlite3

    recorded(tmp_path / "a.itop", fleet_frames(20))
    database = sqlite3.connect(tmp_path / "a.itop")
    with database:
        database.execute("UPDATE frames SET data = x'ff' WHERE id = 12")
    database.close()
    async with Open(tmp_path / "a.itop") as player:
        picture = await player.press("end")
        assert "its frames are damaged" in picture
        assert 9 <= player.at_s <= 11


async def test_a_recording_cannot_be_changed_and_says_so(minute):
    async with Open(minute[0]) as player:
        for key in "W", "w", "A", "x":
            assert "a recording cannot be changed" in await player.press(key), key
            await player.press("escape")
            player.app._say("")
        assert "a recording cannot be changed" not in await player.press("z")


async def test_leaving_it_takes_one_key(minute):
    async with Open(minute[0]) as player:
        await player.pilot.press("q")
        await player.pilot.pause(0.1)
        assert player.app.return_code == 0


def test_without_a_terminal_it_says_what_to_do_instead(minute, capsys):
    assert main(["replay", str(minute[0])]) == 2
    assert "infertop sessions show" in capsys.readouterr().err
    assert main(["replay", "/nowhere.itop"]) == 2
    assert "no such file" in capsys.readouterr().err

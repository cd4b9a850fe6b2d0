"""`infertop prices` and `--price`."""

import json
import sys

import pytest

from infertop.backends import prices
from infertop.engine.cost import ApiPrice, RentedPrice
from infertop.engine.plan import BackendPlan
from infertop.tui.cli import main
from infertop.tui.commands.chips import with_prices
from infertop.tui.usage import UsageError

HOUR = "accelerator,seller,usd_per_chip_hour,as_of\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(prices, "user_folder", lambda: tmp_path / "config")
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    return tmp_path / "config"


class TestShow:
    def test_everything_with_source_and_date(self, capsys):
        assert main(["prices"]) == 0
        shown = capsys.readouterr().out
        for row in (*prices.ours().api, *prices.ours().hour):
            assert row.source in shown
        assert "2024-12-23 ! old" in shown
        assert "undated !" in shown
        assert "RETIRED 2026-08-16" in shown

    def test_only_what_holds_all_words(self, capsys):
        assert main(["prices", "show", "h200", "coreweave"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "USD per chip and hour"
        assert len(lines) == 4
        assert "6.31" in lines[2]

    def test_nothing_found_says_so(self, capsys):
        assert main(["prices", "show", "abacus"]) == 0
        assert "no price in the book" in capsys.readouterr().out

    @pytest.mark.parametrize("words", [["--json"], ["show", "--json"]])
    def test_as_a_document(self, capsys, words):
        assert main(["prices", *words]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["schema"] == "infertop.prices/1"
        assert len(document["api"]) == len(prices.ours().api)
        old = {row["accelerator"]: row["old"] for row in document["hour"] if row["seller"] == "GCP"}
        assert old["TPU v4"] is True


class TestUpdate:
    def test_a_list_becomes_yours_and_wins(self, capsys, tmp_path, folder):
        mine = tmp_path / "mine.csv"
        mine.write_text(HOUR + "H200 SXM,CoreWeave,4.99,2026-11-20\n")
        assert main(["prices", "update", str(mine)]) == 0
        assert capsys.readouterr().out == f"{folder / 'prices_hour.csv'}\n"
        assert main(["prices", "show", "coreweave", "h200"]) == 0
        first = capsys.readouterr().out.splitlines()[2]
        assert "4.99" in first
        assert "yours" in first

    def test_a_wrong_list_changes_nothing(self, capsys, tmp_path, folder):
        mine = tmp_path / "mine.csv"
        mine.write_text(HOUR + "H200 SXM,CoreWeave,cheap,soon\n")
        assert main(["prices", "update", str(mine)]) == 2
        error = capsys.readouterr().err
        assert "line 2: usd_per_chip_hour: 'cheap'" in error
        assert "line 2: as_of: 'soon'" in error
        assert not folder.exists()
        assert main(["prices", "update", str(tmp_path / "none.csv")]) == 2
        assert "no such file" in capsys.readouterr().err

    def test_where_they_are(self, capsys, folder):
        assert main(["prices", "path"]) == 0
        assert capsys.readouterr().out == f"{folder}\n"


def server(name, **more):
    return BackendPlan(name=name, url=f"http://{name}:8000/v1", **more)


class TestPriceFlag:
    HOSTED = server("groq", server="groq", price=ApiPrice(usd_per_m_input=1, usd_per_m_output=2))

    def test_once_is_for_every_server(self):
        priced = with_prices((server("a"), self.HOSTED, server("b")), ["4xh200@coreweave"])
        assert [type(each.price) for each in priced] == [RentedPrice, ApiPrice, RentedPrice]
        assert (priced[0].price.usd_per_chip_hour, priced[0].price.chips) == (6.31, 4)

    def test_or_one_for_each_in_order(self):
        priced = with_prices((server("a"), server("b")), ["h200@nebius", "8xtpu-v6e@gcp"])
        assert [(each.price.usd_per_chip_hour, each.price.chips) for each in priced] == [(4.50, 1), (2.70, 8)]

    def test_none_changes_nothing(self):
        assert with_prices((server("a"),), []) == (server("a"),)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            (["h200"], "write 4xh200@coreweave"),
            (["0xh200@coreweave"], "write 4xh200@coreweave"),
            (["h200@corewave"], "no seller is called 'corewave'"),
            (["h200@nebius", "h200@gcp", "h200@aws"], "given 3 times for 2 servers"),
        ],
    )
    def test_mistakes(self, typed, said):
        with pytest.raises(UsageError, match=said):
            with_prices((server("a"), server("b")), typed)

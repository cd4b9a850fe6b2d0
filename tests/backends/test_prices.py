"""The price book: ours, the user's that wins, and what genai-prices says where neither knows."""

import csv
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infertop.backends import prices
from infertop.backends.price_files import PriceFileError, first_day, parse
from infertop.backends.prices import UnknownPriceError, age_days, api_price, hour_price, is_old, ours
from infertop.backends.providers import plain_model

DATA = Path(prices.__file__).parent / "data"
API = "provider,model,usd_per_m_input,usd_per_m_output\n"
HOUR = "accelerator,seller,usd_per_chip_hour\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The user's folder, empty, and no genai-prices unless a test wants it."""
    monkeypatch.setattr(prices, "user_folder", lambda: tmp_path / "config")
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    return tmp_path / "config"


class TestOurs:
    def test_every_row_has_a_source_a_status_and_a_date_or_says_why_not(self):
        rows = (*ours().api, *ours().hour)
        assert len(rows) > 60
        for row in rows:
            assert row.source
            assert row.status
            assert first_day(row.as_of) or row.status == "unverified"

    def test_models_are_in_plain_spelling(self):
        assert all(row.model == plain_model(row.model) for row in ours().api)

    def test_every_accelerator_is_in_the_catalogue(self):
        with (DATA / "hardware.csv").open(encoding="utf-8", newline="") as file:
            known = {row["accelerator"] for row in csv.DictReader(file)}
        assert {row.accelerator for row in ours().hour} <= known

    def test_the_sellers_of_every_family(self):
        sellers = {row.seller for row in ours().hour}
        assert sellers >= {
            "CoreWeave", "Lambda", "GCP", "AWS", "Azure", "RunPod", "Crusoe", "Nebius", "Vultr", "colocation",
        }  # fmt: skip
        assert {row.accelerator for row in ours().hour} >= {
            "H100 SXM", "H200 SXM", "MI300X", "TPU v4", "TPU v5e", "TPU v5p", "TPU v6e", "Inferentia2",
        }  # fmt: skip


class TestPerToken:
    def test_any_spelling_of_a_model_is_found(self):
        row = api_price("groq", "openai/gpt-oss-120b")
        assert row is not None
        assert (row.usd_per_m_input, row.usd_per_m_output, row.usd_per_m_cached) == (0.15, 0.60, 0.075)
        assert api_price("bedrock", "openai.gpt-oss-120b-1:0") == api_price("bedrock", "gpt-oss-120b")

    def test_tiers_are_rows_of_their_own(self):
        assert [api_price("bedrock", "gpt-oss-120b", tier).usd_per_m_output for tier in ("", "batch", "flex")] == [
            0.60, 0.30, 0.30,
        ]  # fmt: skip
        assert api_price("bedrock", "gpt-oss-120b", "priority").usd_per_m_input == 0.2625
        assert api_price("groq", "gpt-oss-120b", "batch") is None

    def test_a_retired_model_keeps_its_price_and_says_so(self):
        assert api_price("groq", "llama-3.3-70b-versatile").status == "retired 2026-08-16"

    def test_nobody_knows(self):
        assert api_price("groq", "gpt-oss-20b") is None

    def test_genai_prices_is_asked_last(self, monkeypatch):
        monkeypatch.delitem(sys.modules, "genai_prices.data_snapshot")
        assert api_price("groq", "openai/gpt-oss-120b").source == "litellm 1.109.1"
        row = api_price("anthropic", "claude-sonnet-4-5")
        assert (row.usd_per_m_input, row.usd_per_m_output, row.usd_per_m_cache_write) == (3.0, 15.0, 3.75)
        assert row.source.startswith("genai-prices 0.")
        assert is_old(row.as_of, date(2026, 11, 23)), "it states no date"
        assert api_price("anthropic", "no-such-model") is None
        assert api_price("no-such-provider", "gpt-5") is None
        assert api_price("anthropic", "claude-sonnet-4-5", "batch") is None


class TestPerHour:
    @pytest.mark.parametrize("spelling", ["H200 SXM", "h200-sxm", "h200", "H200sxm"])
    def test_any_spelling_of_a_chip_is_found(self, spelling):
        assert hour_price("coreweave", spelling).usd_per_chip_hour == 6.31

    def test_terms_choose(self):
        assert hour_price("CoreWeave", "h200", "spot").usd_per_chip_hour == 2.62
        assert hour_price("colocation", "mi300x").usd_per_chip_hour == 1.40

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (("corewave", "h200"), "no seller is called 'corewave'; there are AWS, CoreWeave"),
            (("coreweave", "mi300x"), "no price of 'mi300x' at CoreWeave, which sells H100 SXM, H200 SXM, B200"),
            (("gcp", "tpu"), "which sells H100 SXM, H200 SXM, TPU v4"),
            (("gcp", ""), "no price of ''"),
            (("coreweave", "h200", "3 years"), "CoreWeave sells H200 SXM on demand, spot (8 chips 20.93), not '3 y"),
        ],
    )
    def test_what_there_is_instead(self, asked, said):
        with pytest.raises(UnknownPriceError) as caught:
            hour_price(*asked)
        assert said in str(caught.value)


class TestYours:
    def put(self, folder, name, text):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")

    def test_they_win(self, folder):
        self.put(folder, "prices_api.csv", API + "groq,gpt-oss-120b,0.10,0.40\n")
        self.put(folder, "prices_hour.csv", HOUR + "H200 SXM,CoreWeave,4.99\nGaudi 3,Ours,2.50\n")
        assert api_price("groq", "openai/gpt-oss-120b").usd_per_m_output == 0.40
        assert hour_price("coreweave", "h200").usd_per_chip_hour == 4.99
        assert hour_price("ours", "gaudi").usd_per_chip_hour == 2.50
        assert api_price("cerebras", "gpt-oss-120b").usd_per_m_output == 0.75, "what they do not say is still ours"

    def test_a_broken_list_is_named(self, folder):
        self.put(folder, "prices_hour.csv", HOUR + "H200 SXM,CoreWeave,cheap\n")
        with pytest.raises(PriceFileError, match=r"prices_hour.csv, line 2: usd_per_chip_hour: 'cheap' is not"):
            hour_price("coreweave", "h200")

    def test_installing_checks_first(self, folder, tmp_path):
        mine = tmp_path / "mine.csv"
        mine.write_text("\ufeff" + HOUR + "H200 SXM,CoreWeave,4.99\n", "utf-8")
        assert prices.install(mine) == folder / "prices_hour.csv"
        assert hour_price("coreweave", "h200").usd_per_chip_hour == 4.99
        mine.write_text(HOUR + "H200 SXM,CoreWeave,-1\n", "utf-8")
        with pytest.raises(PriceFileError):
            prices.install(mine)
        assert hour_price("coreweave", "h200").usd_per_chip_hour == 4.99, "the old one stays"

    @pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"x" * (2**20 + 1)])
    def test_what_is_no_list(self, tmp_path, content):
        path = tmp_path / "mine.csv"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(PriceFileError, match=r"mine\.csv"):
            prices.install(path)


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "mine.csv: is empty; its first line names the columns"),
            (
                "provider,modle,usd_per_m_input,usd_per_m_output\n",
                "no column is called 'modle'; did you mean model?",
            ),
            ("provider,model\n", "line 1: lacks the columns usd_per_m_input, usd_per_m_output"),
            ("accelerator,usd_per_chip_hour\n", "line 1: lacks the column seller"),
            (API.strip() + ",model\n", "line 1: names a column twice"),
            (API, "mine.csv: has no rows"),
            (API + "groq,x,1\n", "line 2: has 3 values for 4 columns"),
            (API + "groq,,1,2\n", "line 2: model is missing"),
            (API + "groq,x,-1,2\n", "line 2: usd_per_m_input: '-1' is not an amount of USD"),
            (API + "groq,x,nan,2\n", "line 2: usd_per_m_input: 'nan' is not"),
            (API.strip() + ",as_of\ngroq,x,1,2,23.11.2026\n", "as_of: '23.11.2026' is not a date: write YYYY-MM-DD"),
            (API.strip() + ",as_of\ngroq,x,1,2,2026-02-30\n", "as_of: '2026-02-30' is not a date"),
            (API + "groq,x\x1b[31m,a,b\n", "usd_per_m_output: 'b'"),
        ],
    )
    def test_each_is_named_with_its_line(self, text, said):
        with pytest.raises(PriceFileError) as caught:
            parse(text, "mine.csv")
        assert said in str(caught.value)
        assert "\x1b" not in str(caught.value)

    def test_all_at_once_but_not_without_end(self):
        with pytest.raises(PriceFileError) as caught:
            parse(API + "groq,x,a,2\n" * 30, "mine.csv")
        assert len(str(caught.value).splitlines()) == 11
        assert "and 20 more" in str(caught.value)

    @given(st.text(max_size=200))
    def test_nothing_else_is_raised(self, text):
        with suppress(PriceFileError):
            parse(text, "x")

    def test_blank_lines_and_blanks_are_nothing(self):
        (row,) = parse(API + "\n groq , x , 1 , 2 \n\n", "x").api
        assert (row.provider, row.model, row.status) == ("groq", "x", "current")


class TestAge:
    TODAY = date(2026, 11, 23)

    @pytest.mark.parametrize(
        ("as_of", "days", "old"),
        [
            ("2026-11-23", 0, False), ("2026-08-25", 90, False), ("2026-08-24", 91, True), ("2026-11", 22, False),
            ("2026", 326, True), ("2024-12-23", 700, True), ("", None, True), ("soon", None, True),
        ],
    )  # fmt: skip
    def test_ninety_days(self, as_of, days, old):
        assert age_days(as_of, self.TODAY) == days
        assert is_old(as_of, self.TODAY) is old

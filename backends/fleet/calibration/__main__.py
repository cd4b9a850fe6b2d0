"""`python -m infertop.backends.fleet.calibration`: fit, and write the result and its errors; about two minutes."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..accuracy import ACCURACY_CSV, TITLES
from ..families import FIT_CSV
from .fit import (
    LOAD,
    POWER_SCALE,
    SPEED_SCALE,
    Name,
    families,
    fit,
    of_family,
    of_load,
    power_priors,
    speed_priors,
)
from .points import Point, held_out, points
from .predict import predict

Values = Mapping[Name, float]


def main() -> int:
    """Run the command; returns the exit status."""
    every = points()
    aside = held_out(every)
    used = [point for point in every if point.id not in aside]
    _say(f"{len(every)} points, {len(aside)} of them held out")
    values = _fit(used)
    _write(FIT_CSV, ("family", "parameter", "value"), _fit_rows(values))
    left_out = {
        configuration: _fit([point for point in used if point.configuration != configuration], values)
        for configuration in dict.fromkeys(point.configuration for point in every)
    }
    header = (
        *("point", "family", "platform", "model", "precision", "chips", "batch", "split"),
        *("metric", "published", "modelled", "left_out"),
    )
    _write(ACCURACY_CSV, header, _accuracy_rows(every, aside, values, left_out))
    return 0


def _fit(used: Sequence[Point], start: Values | None = None) -> Values:
    speeds = fit(used, speed_priors(), SPEED_SCALE, start=start)
    return fit(used, power_priors(), POWER_SCALE, known=speeds)


def _fit_rows(values: Values) -> Iterable[Sequence[object]]:
    for family in families():
        yield from ((family, name, f"{value:.4g}") for name, value in of_family(family, values).items())
    yield from ((LOAD, name, f"{value:.4g}") for name, value in of_load(values).items())


def _accuracy_rows(
    every: Sequence[Point], aside: frozenset[str], values: Values, left_out: Mapping[str, Values]
) -> Iterable[Sequence[object]]:
    for point in every:
        family = point.platform.family
        modelled = predict(point, of_family(family, values), of_load(values))
        others = left_out[point.configuration]
        without = predict(point, of_family(family, others), of_load(others))
        for metric, published in point.published.items():
            if metric in modelled and metric in TITLES:
                yield (
                    *(point.id, family, point.platform.id, point.model.name, point.precision, point.chips),
                    *(f"{point.batch:g}", "held out" if point.id in aside else "fitted", metric, f"{published:g}"),
                    *(f"{modelled[metric]:.4g}", f"{without[metric]:.4g}"),
                )


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    _say(f"wrote {path}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())

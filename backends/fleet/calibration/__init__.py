"""How the simulated fleet's parameters were found, and how far they are from published measurements.

`python -m infertop.backends.fleet.calibration` fits them on `backends/data/calibration.csv` and writes
`fleet_fit.csv` and `fleet_accuracy.csv` beside it. Nothing of this runs in the product but reading the second file.
Must not be put here: costs of a step (`model.py`), anything fitted to a single row.
"""

"""`infertop web`: the console in a browser, one process a view, behind a secret in the address."""

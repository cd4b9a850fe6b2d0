"""`infertop hardware`: the catalogue as a document and as text. Pure; what is known comes from `backends.fleet`."""

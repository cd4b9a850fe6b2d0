"""Pure drawing: numbers and arrays in, rows of text out; knows no Textual and no colours, only names of roles.

Import from here: nothing; import the module that draws what you need.
Must not be put here: state, reading of frames, anything that looks at a clock or a terminal.
"""

"""Our palettes as themes of Textual's own widgets (the help's page and scroll bar)."""

from textual.theme import Theme

from ..theme import Palette


def textual_theme(palette: Palette) -> Theme:
    """The Textual theme around our strips: help, scroll bars, toasts."""
    return Theme(
        name=palette.name,
        primary=palette.series[0],
        secondary=palette.series[2],
        foreground=palette.text,
        background=palette.ground,
        surface=palette.ground,
        panel=palette.ground,
        success=palette.good,
        warning=palette.warn,
        error=palette.bad,
        dark=palette.dark,
        variables={
            "scrollbar": palette.line,
            "scrollbar-hover": palette.dim,
            "scrollbar-active": palette.dim,
            "scrollbar-background": palette.ground,
            "scrollbar-background-hover": palette.ground,
            "scrollbar-background-active": palette.ground,
        },
    )

"""The head of a self-contained page: nothing may be fetched or run, and only its own style counts."""

import base64
import hashlib

from .markup import Html, element, void


def head(title: str, style: str) -> Html:
    """`<head>` with a policy that allows `style`, which is ours, and nothing else; `title` is safe text."""
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; img-src data:; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=policy),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="referrer", content="no-referrer"),
        void("meta", name="color-scheme", content="light dark"),
        void("link", rel="icon", href="data:,"),
        element("title", f"{title} · infertop"),
        Html(f"<style>{style}</style>"),
    )

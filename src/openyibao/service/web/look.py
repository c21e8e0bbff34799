"""How a page is shown: type size and wording, asked for in the address or remembered in a cookie. No script needed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

COOKIE = "look"
YEAR_SECONDS = 365 * 86_400


@dataclass(frozen=True)
class Look:
    """`size` is normal or large, `words` full or simple."""

    size: str = "normal"
    words: str = "full"

    @property
    def large(self) -> bool:
        return self.size == "large"

    @property
    def simple(self) -> bool:
        return self.words == "simple"

    def cookie(self) -> str:
        return f"{self.size}.{self.words}"


def look_of(request: HttpRequest) -> Look:
    """What the address says, else what the cookie remembers; anything else is the usual look."""
    size, _, words = request.COOKIES.get(COOKIE, "").partition(".")
    size, words = request.GET.get("size", size), request.GET.get("words", words)
    return Look(size if size == "large" else "normal", words if words == "simple" else "full")


def switch(look: Look, back: str) -> str:
    """The address that remembers a look and comes back."""
    return "/look?" + urlencode({"size": look.size, "words": look.words, "back": back})

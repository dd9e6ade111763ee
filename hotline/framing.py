"""Where a request ends: told in one way only, or it is refused (RFC 9112, 6.3; promise P7).

Sanic 21.12 counts a body down from whatever number stands in ``Content-Length``: from a negative one for ever, without
letting anybody else have a turn.
"""

from __future__ import annotations

import re
from typing import Any

from sanic.compat import Header
from sanic.exceptions import InvalidUsage
from sanic.request import Request

_LENGTH = re.compile(r"[0-9]{1,18}")


class FramedRequest(Request):
    """A request whose length was told properly; Sanic answers 400 for any other, and closes the connection."""

    def __init__(self, url_bytes: bytes, headers: Header, *args: Any, **kwargs: Any) -> None:
        lengths, codings = headers.getall("content-length", []), headers.getall("transfer-encoding", [])
        whole = all(_LENGTH.fullmatch(one.strip()) for one in lengths) and all(one == "chunked" for one in codings)
        if not whole or len(lengths) + len(codings) > 1:
            raise InvalidUsage("Bad Request")
        super().__init__(url_bytes, headers, *args, **kwargs)

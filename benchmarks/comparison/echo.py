"""The floor: a bare Sanic that reads JSON and answers with JSON. Its port is the only argument."""

import sys

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

app = Sanic("echo", configure_logging=False)


@app.post("/")
async def echo(request: Request) -> HTTPResponse:
    return json(request.json)


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]), workers=1, access_log=False, motd=False)

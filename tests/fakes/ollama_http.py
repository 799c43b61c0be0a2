"""HTTP as Ollama speaks it: JSON replies, streams of JSON lines, and the ways to break them."""

import json
import os
import socket
import struct
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.ollama_switches import ApiError


class Gone(Exception):
    """The fake has hung up, or ended its answer early."""


class OllamaHandler(BaseHTTPRequestHandler):
    """One connection; a subclass routes."""

    protocol_version = "HTTP/1.1"
    server_version = "fake-ollama"
    disable_nagle_algorithm = True
    stream_type = "application/x-ndjson"
    stream_encoding = ""
    has_begun = False

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Prompts stand in bodies only, so a line for each request is safe; but nobody reads it."""

    def body(self) -> dict[str, Any]:
        """The request's JSON."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            raw = self._chunked_body()
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not raw:
            raise ApiError(400, "missing request body")
        try:
            value = json.loads(raw)
        except ValueError as error:
            raise ApiError(400, str(error)) from error
        if not isinstance(value, dict):
            raise ApiError(400, "json: cannot unmarshal value into Go value")
        return value

    def reply(self, value: object, status: int = 200, kind: str = "application/json; charset=utf-8") -> None:
        """A whole answer: JSON, or a text as it is."""
        text = (value if isinstance(value, str) else json.dumps(value)).encode() if value is not None else b""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def line(self, value: object) -> None:
        """One line of a stream; the first one sends the head."""
        self.raw_line(json.dumps(value).encode() + b"\n")

    def raw_line(self, text: bytes) -> None:
        """Bytes of a stream."""
        if not self.has_begun:
            self.has_begun = True
            self.send_response(200)
            self.send_header("Content-Type", self.stream_type)
            self.send_header("Transfer-Encoding", "chunked")
            if self.stream_encoding:
                self.send_header("Content-Encoding", self.stream_encoding)
            self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))

    def end(self) -> None:
        """The stream is whole."""
        self.wfile.write(b"0\r\n\r\n")

    def hang_up(self, last: bytes = b"", *, reset: bool = False) -> None:
        """Close the connection, after some bytes that aren't wanted there."""
        self.close_connection = True
        if last:
            self.wfile.write(last)
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        raise Gone

    def _chunked_body(self) -> bytes:
        raw = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            raw += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return raw

"""A YAML language server over its standard streams: just enough of the protocol to ask it what an editor asks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any, Self

PATIENCE = 60.0


def find_server() -> list[str] | None:
    """Return the command of a language server, None where there is none; YAML_LANGUAGE_SERVER may name it."""
    named = os.environ.get("YAML_LANGUAGE_SERVER")
    found = named or shutil.which("yaml-language-server")
    return [found, "--stdio"] if found and shutil.which("node") else None


class LanguageServer:
    """A server that was told of one schema for all files."""

    def __init__(self, command: list[str], schema: Path) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._messages: Queue[dict[str, Any]] = Queue()
        self._number = 0
        self.schema = schema
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._ask("initialize", {"processId": os.getpid(), "rootUri": schema.parent.as_uri(), "capabilities": {
            "textDocument": {"completion": {"completionItem": {"documentationFormat": ["markdown"]}},
                             "publishDiagnostics": {}, "hover": {"contentFormat": ["markdown"]}},
            "workspace": {"configuration": True}}})  # fmt: skip
        self._tell("initialized", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(PATIENCE)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def problems(self, uri: str, text: str) -> list[str]:
        """Open a file and return what the server says is wrong with it."""
        self._tell(
            "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}
        )
        while True:
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return [d["message"] for d in message["params"]["diagnostics"]]

    def completions(self, uri: str, line: int, column: int) -> dict[str, str]:
        """Return what the server offers at a place (from 0), with what it says of it."""
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}
        found = self._ask("textDocument/completion", place)
        items = found["items"] if isinstance(found, dict) else found
        return {i["label"]: str(i.get("documentation", "")) for i in items}

    def _ask(self, method: str, parameters: Any) -> Any:
        self._number += 1
        asked = self._number
        self._send({"id": asked, "method": method, "params": parameters})
        while True:
            message = self._next()
            if message.get("id") == asked and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _next(self) -> dict[str, Any]:
        try:
            message = self._messages.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError("the language server does not answer") from None
        if "id" in message and message.get("method") == "workspace/configuration":
            yaml = {"schemas": {self.schema.as_uri(): "*.yaml"}, "validate": True, "completion": True, "yamlVersion": "1.2",
                    "schemaStore": {"enable": False}}  # fmt: skip
            answers = [yaml if item.get("section") == "yaml" else {} for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": answers})
        elif "id" in message and "method" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def _tell(self, method: str, parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            length = 0
            while line := stream.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            self._messages.put(json.loads(stream.read(length)))

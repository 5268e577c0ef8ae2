"""The command line inside this process: what it prints and its exit code."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from darkhorn.cli import invoke


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output; NaN and Infinity are not JSON."""

        def refuse(word: str) -> None:
            raise AssertionError(f"{word} in JSON output")

        return json.loads(self.out, parse_constant=refuse)


Command = Callable[..., Answer]


def caller(capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*args: object) -> Answer:
        capsys.readouterr()
        code = invoke([str(arg) for arg in args])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return call

"""Sentences are there in both languages, with the same gaps."""

from __future__ import annotations

import string

from simengine.monitor.words import WORDS
from simengine.report.board import WORDS as BOARD
from simengine.report.board_words import PAGE


def test_every_sentence_is_there_in_every_language() -> None:
    for words in (WORDS, PAGE, BOARD):
        english, dutch = words["en"], words["nl"]
        assert english.keys() == dutch.keys()
        for key, text in english.items():
            gaps = [sorted(name for _, name, _, _ in string.Formatter().parse(t) if name) for t in (text, dutch[key])]
            assert gaps[0] == gaps[1], key

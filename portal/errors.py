"""What the portal refuses, in sentences for the person who asked."""

from __future__ import annotations


class Refusal(Exception):
    """Something that a rule forbids; its text is for the user to read.

    Subclasses build their own sentence, with the object in it, and may carry a stable
    `code` for programs. Everything that is not a Refusal is a fault of ours and propagates.
    """

    code = "REFUSED"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence

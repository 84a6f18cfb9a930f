"""What a Word field shows when the file keeps no result of it.

Most fields are filled in by Word and say nothing without it (a page number, a
table of contents, a date). A few carry what they show in their own code:
formulas (``EQ``), ``SYMBOL``, ``QUOTE``, buttons and the fields of a form
(ISO/IEC 29500-1, 17.16).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from documents.extract.docx_symbols import character
from documents.extract.ooxml import Element, attribute, child, is_on, value_of

_WORDS: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
#: What stands before the display text of a button: the macro or the place it goes to.
_BUTTONS: Final = frozenset({"MACROBUTTON", "GOTOBUTTON"})
_EQ_SWITCH: Final = re.compile(r"\\([a-z]+)[^\S\n]*(-?\d+)?", re.IGNORECASE)
_EQ_BRACKET: Final = re.compile(r"\\(?:[blr]c)\s*\\(.)", re.IGNORECASE)
#: The commands of ``EQ`` that take arguments; every other switch is an option of one.
_EQ_COMMANDS: Final = frozenset("abdfiloprsx")
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
#: A field of this many characters or this deep a formula is no formula of a person.
_MAX_CODE: Final = 20_000
_MAX_DEPTH: Final = 40


@dataclass(slots=True)
class Field:
    """One field that is open while a story is walked.

    ``in_code`` holds until the result begins, ``has_result`` as soon as the result
    says anything; ``form`` is the ``w:ffData`` of a field of a form.
    """

    form: Element | None = None
    in_code: bool = True
    has_result: bool = False
    code: list[str] = field(default_factory=list)

    def shown(self) -> str:
        """Return what the field shows by itself; nothing where only Word knows."""
        return "" if self.has_result else shown_without_result("".join(self.code), self.form)


def shown_without_result(code: str, form: Element | None = None) -> str:
    """Return the text that a field shows which has this code and no result."""
    kind, _, rest = code[:_MAX_CODE].strip().partition(" ")
    match kind.upper().partition("\\")[0]:
        case "EQ":
            return _formula(code.strip()[2:])
        case "QUOTE":
            return next(iter(_words(rest)), "")
        case "SYMBOL":
            return _symbol(_words(rest))
        case word if word in _BUTTONS:
            return rest.strip().partition(" ")[2].strip().strip('"')
        case "FORMDROPDOWN" | "FORMCHECKBOX" | "FORMTEXT":
            return _filled_in(form)
    return ""


def _words(code: str) -> list[str]:
    return [match[1] or match[2] or "" for match in _WORDS.finditer(code)]


def _symbol(words: list[str]) -> str:
    """Return the character that ``SYMBOL`` names by a code and, behind ``f``, a font."""
    try:
        number = int(words[0], 16 if words[0].lower().startswith("0x") else 10)
    except (IndexError, ValueError):
        return words[0][:1] if words else ""
    switches = [word.lower() for word in words]
    font = words[at] if "\\f" in switches and (at := switches.index("\\f") + 1) < len(words) else ""
    if not font and 0x80 <= number < 0x100:  # a code of Windows-1252, unless a font is named
        return bytes([number]).decode("cp1252", "ignore")
    return character(number, font)


# --- forms ----------------------------------------------------------------------------


def _filled_in(form: Element | None) -> str:
    """Return what a field of a form holds: the chosen entry, the mark, the text."""
    if form is None:
        return ""
    if (box := child(form, "w:checkBox")) is not None:
        checked = is_on(box, "w:checked")
        return "☒" if (is_on(box, "w:default") if checked is None else checked) else "☐"
    if (menu := child(form, "w:ddList")) is not None:
        return _chosen(menu)
    return value_of(child(form, "w:textInput"), "w:default") or ""


def _chosen(menu: Element) -> str:
    entries = [attribute(node, "w:val") or "" for node in menu if node.tag.endswith("}listEntry")]
    chosen = value_of(menu, "w:result") or value_of(menu, "w:default") or "0"
    at = int(chosen) if chosen.isdecimal() else 0
    return entries[at] if at < len(entries) else ""


# --- formulas -------------------------------------------------------------------------


def _formula(code: str) -> str:
    """Return an ``EQ`` field as one writes it on a line: ``(a + 1)/b``, ``√(x)``."""
    text, _ = _expression(code, 0, 0)
    return " ".join(text.split())


def _expression(code: str, at: int, depth: int) -> tuple[str, int]:
    """Return the text from ``at`` to the end of an argument, and where that is."""
    parts: list[str] = []
    while at < len(code) and code[at] not in ",;)":
        if code[at] == "\\" and (switch := _EQ_SWITCH.match(code, at)):
            said, at = _command(code, switch.end(), switch[1].lower(), depth)
            parts.append(said)
        elif code[at] == "\\":
            parts.append(code[at + 1 : at + 2])  # an escaped comma or bracket
            at += 2
        elif code[at] == "(":
            inner, at = _arguments(code, at, depth)
            parts.append(f"({', '.join(inner)})")
        else:
            parts.append(code[at])
            at += 1
        if depth == 0 and at < len(code) and code[at] in ",;)":
            parts.append(code[at])
            at += 1
    return "".join(parts), at


def _command(code: str, at: int, name: str, depth: int) -> tuple[str, int]:
    """Return what a command with its options and arguments says, and where it ends."""
    brackets, options = "()", []
    while True:
        while at < len(code) and code[at] == " ":
            at += 1
        if found := _EQ_BRACKET.match(code, at):
            brackets, at = found[1] + _CLOSING.get(found[1], found[1]), found.end()
        elif option := _EQ_SWITCH.match(code, at):
            options.append(option[1].lower())
            at = option.end()
        else:
            break
    command = next((word[0] for word in (name, *options) if word in _EQ_COMMANDS), "")
    if at >= len(code) or code[at] != "(":
        return "", at
    arguments, at = _arguments(code, at, depth)
    return _written(command, [part.strip() for part in arguments], brackets), at


def _arguments(code: str, at: int, depth: int) -> tuple[list[str], int]:
    """Return the arguments of a list in brackets, and where it ends."""
    found: list[str] = []
    if depth >= _MAX_DEPTH:
        return found, len(code)
    while at < len(code) and code[at] != ")":
        part, at = _expression(code, at + 1, depth + 1)
        found.append(part)
    return found, at + 1


def _written(command: str, arguments: list[str], brackets: str) -> str:
    said = [part for part in arguments if part]
    match command:
        case "f" if len(arguments) == 2:
            return "/".join(_grouped(part) for part in arguments)
        case "r":
            degree = f"^(1/{arguments[0]})" if len(arguments) == 2 and arguments[0] else ""
            return f"√({arguments[-1]}){degree}" if said else ""
        case "b":
            return f"{brackets[0]}{', '.join(said)}{brackets[1]}"
        case "o" | "s":
            return "".join(said)
        case "i":
            return "∫" + " ".join(_limits(arguments))
    return ", ".join(said)


def _limits(arguments: list[str]) -> Iterator[str]:
    """Yield the limits and the body of an integral."""
    for mark, part in zip(("_", "^", ""), arguments, strict=False):
        if part:
            yield f"{mark}{_grouped(part) if mark else part}"


def _grouped(part: str) -> str:
    return part if part.isalnum() or part.startswith(("√", "(")) else f"({part})"

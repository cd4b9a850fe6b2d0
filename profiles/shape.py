"""Does a parsed TOML document have the shape of a type? Every problem is found, not only the first.

msgspec stops at the first error and cannot suggest; this walks the document beside the struct's fields. No value is
repeated except where it should have been one of a few words, as a value may be a secret in the wrong place.
"""

import types
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from ..backends.printable import printable
from .problems import Problem, did_you_mean, suggestion

_MOST = 2**63 - 1
_WORDS = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
}


def shape_problems(kind: Any, value: object, where: str = "") -> Iterator[Problem]:
    """Where `value` does not have the shape of `kind`: a struct, tuple of structs, union, Literal or plain type."""
    structs = _structs_in(kind)
    if structs and isinstance(value, dict):
        yield from _table_problems(structs, value, where)
    elif structs:
        yield Problem(where, f"must be a table, not {_said(value)}")
    elif get_origin(kind) is tuple:
        yield from _list_problems(get_args(kind)[0], value, where)
    elif get_origin(kind) is Literal:
        yield from _word_problems(get_args(kind), value, where)
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            yield Problem(where, f"must be {_wanted(kind)}, not {_said(value)}")
        else:
            if isinstance(value, int) and abs(value) > _MOST:
                yield Problem(where, "is too large")


def _structs_in(kind: Any) -> tuple[type[msgspec.Struct], ...]:
    members = get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    return tuple(member for member in members if isinstance(member, type) and issubclass(member, msgspec.Struct))


def _table_problems(
    structs: tuple[type[msgspec.Struct], ...], table: dict[str, object], where: str
) -> Iterator[Problem]:
    tag = structs[0].__struct_config__.tag_field
    if tag is None:
        yield from _field_problems(structs[0], table, where)
        return
    by_tag = {str(struct.__struct_config__.tag): struct for struct in structs}
    if tag not in table:
        yield Problem(_below(where, tag), f"is missing; it is one of {_listed(by_tag)}")
    elif table[tag] not in tuple(by_tag):
        yield from _word_problems(tuple(by_tag), table[tag], _below(where, tag))
    else:
        rest = {key: value for key, value in table.items() if key != tag}
        yield from _field_problems(by_tag[str(table[tag])], rest, where)


def _field_problems(struct: type[msgspec.Struct], table: dict[str, object], where: str) -> Iterator[Problem]:
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    for key, value in table.items():
        if key in fields:
            yield from shape_problems(fields[key].type, value, _below(where, key))
        else:
            yield Problem(_below(where, printable(key, 60)), f"unknown key{suggestion(key, fields)}")
    for name, field in fields.items():
        if field.required and name not in table:
            yield Problem(_below(where, name), "is missing")


def _list_problems(kind: Any, value: object, where: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(where, f"must be a list, not {_said(value)}; write [[{where}]] above each table")
        return
    for position, item in enumerate(value):
        yield from shape_problems(kind, item, f"{where}[{position}]")


def _word_problems(words: tuple[str, ...], value: object, where: str) -> Iterator[Problem]:
    if value not in words:
        said = f'"{printable(value, 40)}"' if isinstance(value, str) else _said(value)
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        yield Problem(where, f"{said} is not one of {_listed(words)}{hint}")


def _below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _listed(words: Any) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _wanted(kind: Any) -> str:
    members = get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    kinds = [get_origin(member) or member for member in members if member is not types.NoneType]
    return " or ".join(_WORDS[member] for member in kinds)


def _said(value: object) -> str:
    if isinstance(value, float):
        return "a number with a fraction"
    return next((word for kind, word in _WORDS.items() if type(value) is kind), "a date or time")

"""Every sentence the studio can say of itself, read out of its source and not run.

What errors, faults of presets, failed jobs, downloads and plans are told with, as templates with {}
for each value: f-strings, either side of a choice, and what was put together on the way (a local
variable, what a helper returns, what it is called with).
"""

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from studio import errors
from studio.paths import PROJECT

# What makes a sentence for people, and the names and places of its arguments that are one.
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type)} | {
    *("Lost", "PlainYamlError", "_fault"),
}
WORDS = ("error", "message", "advice")
# The command line speaks English, and its sentences never reach the page.
ELSEWHERE = ("cli.py", "chinese.py", "wording.py")
# Changes nothing that matters: a full stop, a cut.
SAME = ("rstrip", "_shown")

Here = tuple[ast.Module, ast.FunctionDef | None]


def escaped(text: str) -> str:
    """Words as they stand in a template, where braces are places of values."""
    return text.replace("{", "{{").replace("}", "}}")


class Sentences:
    """templates: all that was found, as the source has them."""

    def __init__(self, root: Path = PROJECT / "studio") -> None:
        self.templates: set[str] = set()
        self._calls: dict[str, list[tuple[ast.Call, Here]]] = defaultdict(list)
        self._functions: dict[str, list[tuple[ast.FunctionDef, Here]]] = defaultdict(list)
        self._under_way: set[int] = set()
        for path in sorted(root.rglob("*.py")):
            if path.name not in ELSEWHERE:
                module = ast.parse(path.read_text("utf-8"))
                self._note(module, (module, None))
        for name, calls in tuple(self._calls.items()):
            for call, here in calls:
                for words in _words(name, call):
                    self.templates |= self._told(words, here)

    def _note(self, node: ast.AST, here: Here) -> None:
        for child in ast.iter_child_nodes(node):
            inside = here
            if isinstance(child, ast.Call):
                self._calls[_name(child.func)].append((child, here))
            if isinstance(child, ast.FunctionDef):
                inside = (here[0], child)
                self._functions[child.name].append((child, inside))
            self._note(child, inside)

    def _told(self, node: ast.expr, here: Here) -> set[str]:
        """The templates that an expression may give; none where it is a value of another kind."""
        if id(node) in self._under_way:
            return set()
        self._under_way.add(id(node))
        try:
            return self._any(node, here)
        finally:
            self._under_way.remove(id(node))

    def _any(self, node: ast.expr, here: Here) -> set[str]:
        match node:
            case ast.Constant(value=str(text)):
                return {escaped(text)} if text else set()
            case ast.JoinedStr(values=values):
                pieces = itertools.product(*(self._piece(each, here) for each in values))
                return {"".join(each) for each in pieces}
            case ast.IfExp(body=one, orelse=other):
                return self._told(one, here) | self._told(other, here)
            case ast.BoolOp(values=values):
                return set().union(*(self._told(each, here) for each in values))
            case ast.Subscript(value=table):
                return self._of_a_table(table, here)
            case ast.Name(id=name):
                return self._named(name, here)
            case ast.Call():
                return self._called(node, here)
        return set()

    def _piece(self, node: ast.expr, here: Here) -> set[str]:
        """A piece of an f-string: words, a choice of words, or the place of a value, which may be
        words of its own."""
        if isinstance(node, ast.Constant):
            return {escaped(str(node.value))}
        assert isinstance(node, ast.FormattedValue)
        if isinstance(node.value, ast.IfExp):
            return self._told(node.value, here)
        self.templates |= self._told(node.value, here)
        return {"{}"}

    def _of_a_table(self, node: ast.expr, here: Here) -> set[str]:
        if isinstance(node, ast.Name):
            node = next(_given(here[0], node.id), node)
        if isinstance(node, ast.Call) and node.args:
            node = node.args[0]
        values = node.values if isinstance(node, ast.Dict) else []
        return set().union(*(self._told(each, here) for each in values))

    def _named(self, name: str, here: Here) -> set[str]:
        module, function = here
        found: set[str] = set()
        for scope in (function, module) if function else (module,):
            for value in _given(scope, name):
                found |= self._told(value, here)
            for value in _added(scope, name):
                found |= {"{}" + each for each in self._told(value, here)}
            if found:
                return found
        return self._passed(name, module, function) if function else found

    def _passed(self, name: str, module: ast.Module, function: ast.FunctionDef) -> set[str]:
        """What a parameter of a function is called with: in its module, and anywhere where no other
        function has its name."""
        parameters = [each.arg for each in function.args.args if each.arg not in ("self", "cls")]
        found: set[str] = set()
        if name in parameters:
            alone = len(self._functions[function.name]) == 1
            for call, here in self._calls[function.name]:
                if not alone and here[0] is not module:
                    continue
                if value := _argument(call, parameters.index(name), name):
                    found |= self._told(value, here)
        return found

    def _called(self, node: ast.Call, here: Here) -> set[str]:
        name = _name(node.func)
        if name in SAME:
            receiver = node.func.value if isinstance(node.func, ast.Attribute) else node.args[0]
            return self._told(receiver, here)
        if name == "capitalize" and isinstance(node.func, ast.Attribute):
            return {each.capitalize() for each in self._told(node.func.value, here)}
        found: set[str] = set()
        for function, inside in self._functions[name]:
            if inside[0] is here[0] and "str" in ast.unparse(function.returns or node):
                for each in ast.walk(function):
                    if isinstance(each, ast.Return) and each.value:
                        found |= self._told(each.value, inside)
        return found


def _words(name: str, call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that are sentences."""
    named = {each.arg: each.value for each in call.keywords}
    if name in KINDS:
        yield from call.args[:2]
    if name in ("Plan", "replace") and "reason" in named:
        yield named["reason"]
    yield from (named[each] for each in WORDS if each in named)


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    for each in call.keywords:
        if each.arg == name:
            return each.value
    return call.args[place] if place < len(call.args) else None


def _given(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What is assigned to a name in a function, or in a module outside of functions."""
    for node in _within(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                yield value
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value):
                if found == name:
                    yield value
            case ast.For(target=ast.Tuple(elts=names), iter=ast.Tuple(elts=rows)):
                for at, each in enumerate(names):
                    if isinstance(each, ast.Name) and each.id == name:
                        yield from (row.elts[at] for row in rows if isinstance(row, ast.Tuple))


def _added(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What is added to the end of a text in a function."""
    for node in _within(scope):
        match node:
            case ast.AugAssign(target=ast.Name(id=found), value=value) if found == name:
                yield value


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    return iter(scope.body) if isinstance(scope, ast.Module) else ast.walk(scope)

"""Measures how the code is built against the bars that keep it easy to change.

    python benchmarks/structure.py [--verbose]

Each line: what, the figure, its bar, and whether it holds. Nothing is run or imported: all of it is
read from the source. `--verbose` names the places behind each figure. Exit code 1 if a bar is
missed. tests/test_structure.py holds the same bars.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median
from typing import Callable, Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple

ROOT = Path(__file__).resolve().parents[1] / "ocrdata"
# Folders that hold one module for each data set, command, format or model.
UNBOUNDED = {"importers", "cli", "exporters", "train/models"}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


class Module(NamedTuple):
    """A source file: its dotted name, path below the package, text, tree and all its nodes."""

    name: str
    path: str
    text: str
    tree: ast.Module
    nodes: Tuple[ast.AST, ...]


def parse_module(name: str, path: str, text: str) -> Module:
    """Returns a source file with its syntax tree."""
    tree = ast.parse(text)
    return Module(name, path, text, tree, tuple(ast.walk(tree)))


class Measure(NamedTuple):
    """A figure, the bar that it may not pass, and the places that it counts."""

    what: str
    figure: float
    bar: float
    places: Sequence[str]

    @property
    def holds(self) -> bool:
        """Says whether the bar is kept."""
        return self.figure <= self.bar


def read_modules(root: Path = ROOT) -> List[Module]:
    """Returns all modules of the package at `root`."""
    modules = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(root).as_posix()
        name = ".".join(part for part in parts if part != "__init__")
        modules.append(parse_module(name, where, text))
    return modules


def _lines(module: Module) -> int:
    return module.text.count("\n")


# --- rooms


def largest_folder(modules: Sequence[Module]) -> Measure:
    """Modules of the fullest folder, without `__init__.py`, registries and commands excepted."""
    counts = Counter(
        str(Path(module.path).parent)
        for module in modules
        if Path(module.path).name != "__init__.py"
    )
    counted = {folder: n for folder, n in counts.items() if folder not in UNBOUNDED}
    places = [f"{folder}: {n}" for folder, n in sorted(counted.items(), key=lambda at: -at[1])]
    return Measure("modules in the fullest folder", max(counted.values()), 15, places[:5])


def longest_module(modules: Sequence[Module]) -> Measure:
    """Lines of the longest module."""
    lengths = sorted(((_lines(module), module.path) for module in modules), reverse=True)
    places = [f"{path}: {length}" for length, path in lengths[:5]]
    return Measure("lines of the longest module", lengths[0][0], 260, places)


def median_module(modules: Sequence[Module]) -> Measure:
    """Median of the modules' lines, those of packages (`__init__.py`) left out."""
    lengths = [_lines(module) for module in modules if not module.path.endswith("__init__.py")]
    return Measure("lines of the median module", median(lengths), 130, ())


# --- circles


def imports_of(module: Module, known: Set[str]) -> Iterator[str]:
    """Yields the modules of the package that one imports anywhere, inside functions too.

    Importing a name from a package counts as importing the package only where the name is not a
    module itself. What is under `if TYPE_CHECKING:` is for readers of types and is left out.
    """
    unused = {id(node) for block in _type_checking(module.tree) for node in ast.walk(block)}
    for node in module.nodes:
        if id(node) in unused:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield from {full if full in known else str(node.module)} & known


def _type_checking(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from node.body


def circles(modules: Sequence[Module]) -> List[List[str]]:
    """Returns the groups of modules that import each other (Tarjan 1972)."""
    known = {module.name for module in modules}
    graph = {module.name: set(imports_of(module, known)) - {module.name} for module in modules}
    return [sorted(group) for group in _components(graph) if len(group) > 1]


def _components(graph: Dict[str, Set[str]]) -> List[List[str]]:
    found: List[List[str]] = []
    index: Dict[str, int] = {}
    low: Dict[str, int] = {}
    stack: List[str] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            found.append(stack[at:])
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def import_circles(modules: Sequence[Module]) -> Measure:
    """Groups of modules that import each other, at the top or inside functions."""
    found = circles(modules)
    return Measure("import circles", len(found), 0, [" <> ".join(group) for group in found])


# --- functions and calls


def _functions(module: Module) -> Iterator[Tuple[ast.AST, bool]]:
    """Yields the functions of a module, and whether each is a click callback."""
    for node in module.nodes:
        if isinstance(node, FUNCTION):
            yield node, any("command" in ast.dump(one) for one in node.decorator_list)


def wide_functions(modules: Sequence[Module]) -> Measure:
    """Functions of more than seven parameters (without self and cls) that are no commands."""
    places = []
    for module in modules:
        for node, command in _functions(module):
            count = _parameters(node)
            if count > 7 and not command:
                places.append(f"{module.path}:{node.lineno} {node.name} ({count})")  # type: ignore[attr-defined]
    return Measure("functions with more than 7 parameters", len(places), 10, places)


def _parameters(node: ast.AST) -> int:
    known = node.args  # type: ignore[attr-defined]
    names = [one.arg for one in [*known.args, *known.kwonlyargs]]
    return len(names) - (bool(names) and names[0] in ("self", "cls"))


def long_calls(modules: Sequence[Module]) -> Measure:
    """Calls with seven positional arguments or more, in 10,000 lines."""
    places = [
        f"{module.path}:{node.lineno}"
        for module in modules
        for node in module.nodes
        if isinstance(node, ast.Call) and len(node.args) >= 7
    ]
    share = len(places) / sum(map(_lines, modules)) * 10_000
    return Measure("calls of 7 positional arguments, in 10,000 lines", share, 5, places)


def format_calls(modules: Sequence[Module]) -> Measure:
    """Calls of a text's `format`, but for a template that is filled in elsewhere (a constant)."""
    places = [
        f"{module.path}:{node.lineno}"
        for module in modules
        for node in module.nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and not _is_template(node.func.value)
    ]
    return Measure("calls of str.format", len(places), 0, places)


def _is_template(node: ast.AST) -> bool:
    """Says whether a name is a constant (`_HINT`), which several places fill in."""
    return isinstance(node, (ast.Name, ast.Attribute)) and _last(node).isupper()


def _last(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


# --- names


def public_names(module: Module) -> Iterator[str]:
    """Yields the functions, classes and constants that a module defines for others."""
    for node in module.tree.body:
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            found = [node.name]
        elif isinstance(node, ast.Assign):
            found = [one.id for target in node.targets for one in _names(target)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found = [node.target.id]
        else:
            found = []
        yield from (name for name in found if not name.startswith("_"))


def _names(target: ast.AST) -> Iterator[ast.Name]:
    return (node for node in ast.walk(target) if isinstance(node, ast.Name))


def repeated_names(modules: Sequence[Module]) -> Measure:
    """Public names that two modules or more define, those of `__init__.py` and click left out."""
    homes: Dict[str, List[str]] = defaultdict(list)
    for module in modules:
        for name in sorted(set(public_names(module))):
            homes[name].append(module.path)
    places = [f"{name}: {', '.join(found)}" for name, found in homes.items() if len(found) > 1]
    return Measure("public names defined twice", len(places), 5, sorted(places))


# --- types


def any_share(modules: Sequence[Module]) -> Measure:
    """Annotations of `train/` that mention Any, in per cent of its annotations."""
    total, places = 0, []
    for module in modules:
        if not module.path.startswith("train/"):
            continue
        for node in module.nodes:
            for annotation in _annotations(node):
                total += 1
                if any(_last(part) == "Any" for part in _parts(annotation)):
                    places.append(f"{module.path}:{annotation.lineno}")  # type: ignore[attr-defined]
    return Measure(
        "annotations of train/ with Any, per cent", 100 * len(places) / total, 15, places
    )


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, FUNCTION):
        if node.returns is not None:
            yield node.returns
    elif isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
        yield node.annotation


def _parts(annotation: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(annotation):
        yield node
        # A text is a Str in Python 3.7, which keeps it as `s`.
        text = vars(node).get("value", vars(node).get("s"))
        if isinstance(text, str):
            yield from ast.walk(ast.parse(text, mode="eval"))


MEASURES: Tuple[Callable[[Sequence[Module]], Measure], ...] = (
    largest_folder,
    import_circles,
    longest_module,
    median_module,
    wide_functions,
    long_calls,
    repeated_names,
    format_calls,
    any_share,
)


def main() -> int:
    """Prints all measures; returns 1 where a bar is missed."""
    options = argparse.ArgumentParser(description="Measures how the code is built.")
    options.add_argument("--verbose", action="store_true", help="name the places")
    verbose = options.parse_args().verbose
    modules = read_modules()
    measures = [measure(modules) for measure in MEASURES]
    for one in measures:
        note = "" if one.holds else "  MISSED"
        lines = [f"{one.what:50s} {one.figure:8.1f}   bar {one.bar:g}{note}"]
        lines += [f"    {place}" for place in one.places if verbose]
        sys.stdout.write("\n".join(lines) + "\n")
    return int(not all(one.holds for one in measures))


if __name__ == "__main__":
    sys.exit(main())

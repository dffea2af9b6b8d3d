"""`simengine graph`: what drives what in a model: its causal graph, its feedback loops, pictures of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simengine.cli.exits import DONE, UsageError
from simengine.cli.sources import add_data, read_data
from simengine.cli.terminal import print_diagnostics, print_json, working

if TYPE_CHECKING:
    import networkx as nx

    from simengine.loops.find import Loop, LoopGroup, Loops

DESCRIPTION = """Show what drives what in a model: its feedback loops, reinforcing (R), balancing (B) or
undetermined (?).

Without --out the loops are listed; with it the causal graph is drawn, in the form its ending names.
docs/graph.md tells how signs are found and what ? means."""
EXAMPLES = """examples:
  simengine graph teacup.mdl
  simengine graph energy.mdl --through "homes on gas"
  simengine graph energy.mdl --out energy.svg                  # or .dot, .graphml, .mmd (Mermaid), .json
  simengine graph energy.mdl --level all --out energy.svg      # every variable; else what is still readable
  simengine graph energy.mdl --all --most 200                  # all loops, not only the independent ones
"""
PICTURES = (".svg", ".mmd", ".mermaid")
"""Endings of what is to be read by people: too large a graph is drawn with less detail."""
ENDINGS = (".svg", ".dot", ".gv", ".graphml", ".mmd", ".mermaid", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="PATH", help="a .mdl, .xmile, .stmx or .xml file")
    parser.add_argument("--out", metavar="FILE", help=f"draw the graph: {', '.join(ENDINGS)}")
    parser.add_argument("--through", metavar="NAME", help="only loops through this variable")
    parser.add_argument(
        "--level",
        choices=("sectors", "stocks", "all"),
        help="how much is drawn: sectors (else groups), stocks and flows, or every variable",
    )
    parser.add_argument("--all", action="store_true", help="list all loops, not only the shortest independent ones")
    parser.add_argument("--most", type=int, default=100, metavar="N", help="list at most so many loops (100)")
    parser.add_argument("--no-run", action="store_true", help="do not run the model: signs by structure only")
    parser.add_argument("--json", action="store_true", help="print the graph and its loops as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    out = None if arguments.out is None else Path(arguments.out)
    if out is not None and out.suffix.lower() not in ENDINGS:
        raise UsageError(f"--out `{out.name}`: it must end in {', '.join(ENDINGS)}")
    if arguments.most < 1:
        raise UsageError(f"--most {arguments.most}: it must be 1 or more")
    data = read_data(arguments.data)
    from simengine.api.load import load
    from simengine.loops.find import find_loops
    from simengine.loops.graph import causal_graph
    from simengine.loops.levels import at_level, choose_level

    with working(f"reading {arguments.model}"):
        model = load(arguments.model, data=data)
        graph = causal_graph(model, run=not arguments.no_run)
        full = find_loops(graph, through=arguments.through, most=arguments.most)
    print_diagnostics(model.diagnostics, concise=True)
    level, shown, loops = "all", graph, full
    if arguments.level is not None or out is not None:
        picture = out is None or out.suffix.lower() in PICTURES
        level = arguments.level or (choose_level(graph) if picture else "all")
        shown = at_level(graph, level)
        through = arguments.through if level == "all" else None
        loops = full if level == "all" else find_loops(shown, through=through, most=arguments.most)
    if out is not None:
        _write(out, shown, loops, level)
        if arguments.json:
            print_json({"file": str(out), "level": level, "nodes": len(shown), "edges": shown.number_of_edges()})
        else:
            print(out)
            _say_level(graph, shown, level, chosen=arguments.level is not None)
        return DONE
    if arguments.json:
        from simengine.loops.draw.text import as_data

        print_json(as_data(shown, loops, level))
        return DONE
    _show(loops, every=arguments.all or arguments.through is not None)
    return DONE


def _write(out: Path, graph: nx.DiGraph[str], loops: Loops, level: str) -> None:
    from simengine.loops.draw.svg import draw_svg
    from simengine.loops.draw.text import write_dot, write_graphml, write_json, write_mermaid
    from simengine.results.write import write_text

    title = str(graph.graph.get("name", ""))
    match out.suffix.lower():
        case ".svg":
            text = draw_svg(graph, loops.independent, title)
        case ".dot" | ".gv":
            text = write_dot(graph, title)
        case ".graphml":
            text = write_graphml(graph)
        case ".json":
            text = write_json(graph, loops, level)
        case _:
            text = write_mermaid(graph, title)
    write_text(text, out)


def _say_level(graph: nx.DiGraph[str], shown: nx.DiGraph[str], level: str, *, chosen: bool) -> None:
    if level != "all" and not chosen:
        what = {"stocks": "stocks and flows", "sectors": "sectors"}[level]
        print(
            f"{len(graph)} variables are too many to read: {what} are drawn ({len(shown)}); --level all draws all",
            file=sys.stderr,
        )


def _show(loops: Loops, *, every: bool) -> None:
    from simengine.loops.draw.text import sequence_words

    listed = loops.loops if every else loops.independent
    if not listed:
        print("there is no feedback loop", file=sys.stderr)
        return
    width = max(len(loop.members) for loop in listed)
    print("\n".join(_row(loop, len(str(width))) for loop in listed))
    if loops.across:
        print(f"\n{_across(loops.across)}")
    for text in _doubts(listed):
        print(text, file=sys.stderr)
    print(f"{_count(listed, loops, every=every)}: {sequence_words(listed)}", file=sys.stderr)
    if every and not loops.complete:
        print("there may be more: --most N looks further", file=sys.stderr)
    if not loops.across_complete:
        print("there are more loops across sectors: --most N looks further", file=sys.stderr)


def _count(listed: Sequence[Loop], loops: Loops, *, every: bool) -> str:
    """Return how many loops there are, and for how many they stand."""
    loop = "loop" if len(listed) == 1 else "loops"
    if every or (loops.complete and len(loops.loops) == len(listed)):
        return f"{len(listed)} {loop}"
    whole = f"{len(loops.loops)}{'' if loops.complete else ' or more'}"
    return f"{len(listed)} independent {loop}, of {whole} in all (--all lists them)"


def _row(loop: Loop, digits: int) -> str:
    """Return a line: the sign, how many variables, and the variables; || where there are delays."""
    path = " -> ".join((*loop.members, loop.members[0]))
    return f"{loop.polarity}  {len(loop.members):>{digits}}  {'||' if loop.delays else '  '}  {path}"


def _across(groups: Sequence[LoopGroup]) -> str:
    lines = ["across sectors:"]
    for group in groups:
        count = f"{len(group.loops)} loop{'s' if len(group.loops) > 1 else ''}"
        sign = " and ".join(dict.fromkeys(loop.polarity for loop in group.loops))
        lines.append(f"  {sign}  {' => '.join(group.links)}  ({', '.join(group.sectors)}; {count})")
        shortest = min(group.loops, key=lambda loop: len(loop.members))
        lines.append(f"     {' -> '.join((*shortest.members, shortest.members[0]))}")
    return "\n".join(lines)


def _doubts(loops: Sequence[Loop]) -> list[str]:
    """Return why loops are undetermined, a line an edge."""
    found = dict.fromkeys(doubt for loop in loops for doubt in loop.doubts)
    return [f"? {u} -> {v}: {reason}" for u, v, reason in found]

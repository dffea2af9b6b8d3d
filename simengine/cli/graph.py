"""`simengine graph`: what drives what in a model: its causal graph, its feedback loops, its links, pictures of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.cli.exits import DONE, UsageError
from simengine.cli.sources import add_data, read_data, read_settings
from simengine.cli.terminal import print_diagnostics, print_json, working
from simengine.source.diagnostic import InputError

if TYPE_CHECKING:
    import networkx as nx

    from simengine.api.model import Model
    from simengine.loops.find import Loop, Loops

DESCRIPTION = """Show what drives what in a model: its feedback loops, reinforcing (R), balancing (B) or
undetermined (?).

Without --out the loops are listed; with it the causal graph is drawn, in the form its ending names.
Of a cross-over file --links shows the links, --of what each contributes to a variable.
docs/graph.md tells how signs are found and what ? means."""
EXAMPLES = """examples:
  simengine graph teacup.mdl
  simengine graph energy.mdl --through "homes on gas"
  simengine graph energy.mdl --out energy.svg                  # or .dot, .graphml, .mmd (Mermaid), .json
  simengine graph energy.mdl --level all --out energy.svg      # every variable; else what is still readable
  simengine graph energy.mdl --all --most 200                  # all loops, not only the independent ones
  simengine graph crossover.yaml                               # loops across sectors, by the links they pass
  simengine graph crossover.yaml --links
  simengine graph crossover.yaml --of "total CO2 emissions" --at 2050 --set "insulation rate=4 %/year"
"""
PICTURES = (".svg", ".mmd", ".mermaid")
"""Endings of what is to be read by people: too large a graph is drawn with less detail."""
_LISTED = 100
"""Loops looked for where nobody says how many."""
ENDINGS = (".svg", ".dot", ".gv", ".graphml", ".mmd", ".mermaid", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="PATH", help="a .mdl, .xmile, .stmx, .xml or cross-over file")
    parser.add_argument("--out", metavar="FILE", help=f"draw the graph: {', '.join(ENDINGS)}")
    parser.add_argument("--title", metavar="TEXT", help="what stands above the picture (the model's name)")
    parser.add_argument("--through", metavar="NAME", help="only loops through this variable")
    parser.add_argument(
        "--level",
        choices=("sectors", "stocks", "all"),
        help="how much is drawn: sectors (else groups), stocks and flows, or every variable",
    )
    parser.add_argument("--all", action="store_true", help="list all loops, not only the shortest independent ones")
    parser.add_argument("--within", metavar="SECTOR", help="list the loops within a sector")
    parser.add_argument("--most", type=int, metavar="N", help="list at most so many loops (100; across sectors 20)")
    parser.add_argument("--reasons", action="store_true", help="say of every ? why")
    parser.add_argument("--links", action="store_true", help="the links of a cross-over file as a table")
    parser.add_argument("--of", action="append", default=[], metavar="NAME", help="what each link contributes to this")
    parser.add_argument("--at", type=float, metavar="TIME", help="with --of: when (the end)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change a value, as in run")
    parser.add_argument("--link-variables", action="store_true", help="show the variables of links as nodes")
    parser.add_argument("--no-run", action="store_true", help="do not run the model: signs by structure only")
    parser.add_argument("--json", action="store_true", help="print the graph and its loops as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    out = None if arguments.out is None else Path(arguments.out)
    if out is not None and out.suffix.lower() not in ENDINGS:
        raise UsageError(f"--out `{out.name}`: it must end in {', '.join(ENDINGS)}")
    _check(arguments)
    data, values = read_data(arguments.data), read_settings(arguments.set)
    from simengine.api.load import load

    with working(f"reading {arguments.model}"):
        model = load(arguments.model, data=data)
    print_diagnostics(model.diagnostics, concise=True)
    if arguments.of:
        return _contribute(model, arguments, values)
    from simengine.loops.find import find_loops
    from simengine.loops.graph import causal_graph

    with working(f"looking for signs and loops in {arguments.model}"):
        shown = arguments.link_variables
        graph = causal_graph(model, run=not arguments.no_run, values=values, link_variables=shown)
        most = arguments.most or _LISTED
        full = None if arguments.links else find_loops(graph, through=arguments.through, most=most)
    if full is None:
        return _list_links(model, graph, as_json=arguments.json)
    if arguments.level is None and out is None:
        return _list(model, graph, full, arguments)
    return _draw(graph, full, arguments, out)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.most is not None and arguments.most < 1:
        raise UsageError(f"--most {arguments.most}: it must be 1 or more")
    if arguments.at is not None and not arguments.of:
        raise UsageError("--at says when --of is told: give --of too")
    if arguments.links and arguments.of:
        raise UsageError("--links tells what links are, --of what they do: ask for one")
    if (arguments.links or arguments.of) and arguments.out is not None:
        raise UsageError("--out draws the graph: it does not go with --links or --of")


def _contribute(model: Model, arguments: argparse.Namespace, values: dict[str, Any]) -> int:
    from simengine.cli.linkage import contribution_data, contribution_table
    from simengine.loops.contribution import link_contributions

    with working("running with and without each link"):
        found = link_contributions(model, arguments.of, values, arguments.at)
    if arguments.json:
        print_json(contribution_data(found))
    else:
        print(contribution_table(found, links=len(model.definition.links)))
    return DONE


def _list_links(model: Model, graph: nx.DiGraph[str], *, as_json: bool) -> int:
    from simengine.cli.linkage import link_rows, link_table
    from simengine.loops.contribution import links_of

    links_of(model)
    rows = link_rows(model.definition, graph)
    if as_json:
        print_json(rows)
    else:
        print(link_table(rows))
    return DONE


def _draw(graph: nx.DiGraph[str], full: Loops, arguments: argparse.Namespace, out: Path | None) -> int:
    from simengine.loops.draw.text import as_data
    from simengine.loops.find import find_loops
    from simengine.loops.levels import at_level, choose_level

    picture = out is None or out.suffix.lower() in PICTURES
    level = arguments.level or (choose_level(graph) if picture else "all")
    shown = at_level(graph, level)
    loops = full
    if level != "all" and not shown.is_multigraph():
        loops = find_loops(shown, most=arguments.most or _LISTED)
    if out is None:
        if arguments.json:
            print_json(as_data(shown, loops, level))
        else:
            _show(loops, arguments)
        return DONE
    _write(out, shown, loops, level, arguments.title or str(graph.graph.get("name", "")))
    if arguments.json:
        print_json({"file": str(out), "level": level, "nodes": len(shown), "edges": shown.number_of_edges()})
    else:
        print(out)
        _say_level(graph, shown, level, chosen=arguments.level is not None)
    return DONE


def _list(model: Model, graph: nx.DiGraph[str], loops: Loops, arguments: argparse.Namespace) -> int:
    from simengine.cli.feedback import SHOWN, across_lines, reason_lines, row_lines, summary_lines

    if arguments.json:
        from simengine.cli.linkage import link_rows
        from simengine.loops.draw.text import as_data

        print_json({**as_data(graph, loops, "all"), "links": link_rows(model.definition, graph)})
        return DONE
    if arguments.within is not None:
        listed = _within(loops, arguments.within)
        print("\n".join(row_lines(listed)))
    elif loops.within and not arguments.all:
        print("\n".join([*summary_lines(graph, loops), "", *across_lines(loops, arguments.most or SHOWN)]))
        print("--within SECTOR and --all list other loops, --reasons says why signs are unknown", file=sys.stderr)
        listed = [loop for group in loops.across for loop in group.loops]
    else:
        _show(loops, arguments)
        return DONE
    if arguments.reasons:
        print("\n".join(reason_lines(listed)), file=sys.stderr)
    return DONE


def _within(loops: Loops, sector: str) -> Sequence[Loop]:
    known = {name.casefold(): own for name, own in loops.within}
    if sector.casefold() not in known:
        has = f"it has {', '.join(name for name, _ in loops.within)}" if known else "it has none"
        raise InputError(f"--within {sector}: the model has no such sector; {has}")
    return known[sector.casefold()]


def _write(out: Path, graph: nx.DiGraph[str], loops: Loops, level: str, title: str) -> None:
    from simengine.loops.draw.lanes import draw_lanes
    from simengine.loops.draw.svg import draw_svg
    from simengine.loops.draw.text import write_dot, write_graphml, write_json, write_mermaid
    from simengine.results.write import write_text

    match out.suffix.lower():
        case ".svg" if graph.is_multigraph():
            text = draw_lanes(graph, title)
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


def _show(loops: Loops, arguments: argparse.Namespace) -> None:
    from simengine.cli.feedback import SHOWN, across_lines, count_words, reason_lines, row_lines
    from simengine.loops.draw.text import sequence_words

    every = arguments.all or arguments.through is not None
    listed = loops.loops if every else loops.independent
    if not listed:
        print("there is no feedback loop", file=sys.stderr)
        return
    print("\n".join(row_lines(listed)))
    if loops.across:
        print("\n".join(["", *across_lines(loops, arguments.most or SHOWN)]))
    if arguments.reasons:
        print("\n".join(reason_lines(listed)), file=sys.stderr)
    print(f"{count_words(listed, loops, every=every)}: {sequence_words(listed)}", file=sys.stderr)
    if every and not loops.complete:
        print("there may be more: --most N looks further", file=sys.stderr)
    if not arguments.reasons and any(loop.doubts for loop in listed):
        print("--reasons says why signs are unknown", file=sys.stderr)

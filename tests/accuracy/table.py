"""Published and virtual values side by side: differences, verdicts, and the tables of docs/accuracy.md."""
import json
import statistics
import struct

UNITS = {"bytes": 1, "MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}
START, END = "<!-- figures -->\n", "<!-- /figures -->\n"


def difference_percent(figure):
    published = figure["published"] * UNITS[figure["unit"]]
    return (figure["virtual_bytes"] - published) / published * 100


def same_as_printed(figure):
    """The virtual value, rounded as the published one was, is the published value; no decimals: printed from a float32."""
    value, decimals = figure["virtual_bytes"] / UNITS[figure["unit"]], figure["decimals"]
    return (as_float32(value) if decimals is None else round(value, decimals)) == figure["published"]


def as_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def flat(data):
    """Every figure with its run's fields."""
    return [dict(run, **figure, key=key) for run in data["runs"] for key, figure in run["figures"].items()]


def save(data, path):
    """One run a line or two: readable, and a change is a small diff."""
    lines = ['{"documents": {']
    documents = [f'  {json.dumps(name)}: {json.dumps(value)}' for name, value in data["documents"].items()]
    lines += [",\n".join(documents), "},", '"runs": [']
    lines += [",\n".join("  " + json.dumps(run) for run in data["runs"]), "]}"]
    path.write_text("\n".join(lines) + "\n")


def workload_text(figure):
    arguments = ", ".join(f"{name}={value}" for name, value in figure["arguments"].items() if not isinstance(value, list))
    key = "" if figure["key"] == "peak" else f" {figure['key']}"
    return f"`{figure['workload'].split(':')[1]}` {arguments}{key}"


def number(value, decimals):
    return f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"


def figure_row(figure):
    unit, decimals = figure["unit"], figure["decimals"]
    verdict = "same" if same_as_printed(figure) else f"{difference_percent(figure):+.4f} %"
    return (f"| {workload_text(figure)} | {number(figure['published'], decimals)} {unit} | {figure['virtual_bytes']:,} "
            f"| {verdict} | {figure.get('explanation', '')} |")


def document_section(name, document, figures):
    gpus = sorted({figure["gpu"] for figure in figures})
    ran = sorted({", ".join(f"{package} {version}" for package, version in figure["versions"].items()) for figure in figures})
    lines = [f"### {document['title']}", "",
             f"Source: {document['source']}. Published for: {'; '.join(gpus)}; {document['versions']}. "
             f"Run with: {'; '.join(ran)}. What is compared: {document['statistic']}.", ""]
    if document.get("note"):
        lines += [document["note"], ""]
    lines += ["| workload | published | virtual, bytes | difference | explanation |", "|---|---|---|---|---|"]
    return lines + [figure_row(figure) for figure in figures] + [""]


def summary_row(title, figures):
    errors = [abs(difference_percent(figure)) for figure in figures]
    return (f"| {title} | {len(figures)} | {sum(map(same_as_printed, figures))} | {sum(error <= 0.05 for error in errors)} "
            f"| {sum(error <= 1 for error in errors)} | {statistics.median(errors):.4f} % | {max(errors):.2f} % |")


def by_document(data):
    figures = flat(data)
    return {name: [figure for figure in figures if figure["document"] == name] for name in data["documents"]}


def render(data):
    groups = by_document(data)
    lines = ["## Summary", "", "| document | figures | same to the last printed digit | within 0.05 % | within 1 % | median | largest |",
             "|---|---|---|---|---|---|---|"]
    lines += [summary_row(data["documents"][name]["title"], figures) for name, figures in groups.items()]
    lines += [summary_row("**all**", flat(data)), "", "## Figures", ""]
    for name, figures in groups.items():
        lines += document_section(name, data["documents"][name], figures)
    return "\n".join(lines).rstrip() + "\n"


def page(data, path, check):
    """Writes the tables into the page between its two marks; with `check`, 1 when they are not what stands there."""
    text = path.read_text()
    before, rest = text.split(START)
    wanted = before + START + render(data) + END + rest.split(END)[1]
    if check:
        return int(text != wanted)
    path.write_text(wanted)
    return 0

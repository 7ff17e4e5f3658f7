"""The outcome of a check as text: one line a run, the first difference of each, and the record kept in docs/accuracy/."""


def event_text(event):
    if event is None:
        return "nothing more"
    size = f"{event['block_bytes']:,} B" if event["action"].startswith("segment") else \
        f"{event['requested_bytes']:,} B in a block of {event['block_bytes']:,} B"
    place = " · ".join(text for text in (event["operator"], event["tensor"], event["layer"],
                                         f"{event['phase']}, step {event['step']}") if text)
    return f"{event['action']} {size} ({place})"


def difference_lines(result, left, right):
    if result.get("refused_on_both"):
        yield f"refused on both: {result['left_words']}"
        return
    if "left_words" in result:
        yield f"{left}: {result['left_words'] or 'ran'}"
        yield f"{right}: {result['right_words'] or 'ran'}"
        return
    first = result["first_difference"]
    if first is None:
        return
    yield f"event {result['equal_events']} of {result['left']['events']} differs in {first['kind']}"
    yield f"{left}: {event_text(first['left'])}"
    yield f"{right}: {event_text(first['right'])}"
    for what in ("allocated", "requested", "reserved"):
        a, b = (result[side][f"peak_{what}_bytes"] for side in ("left", "right"))
        yield f"peak {what}: {a:,} B and {b:,} B ({b - a:+,})"
    yield result["explanation"]


def verdict(result):
    if not result["equal"]:
        return "refused on both" if result.get("refused_on_both") else "different"
    notes = ["segments lie in another order"] if result["first_segment_order"] else \
        ["blocks lie elsewhere"] if result["first_placement"] else []
    if result.get("reordered_frees"):
        notes.append(f"{result['reordered_frees']} frees in another order")
    return f"equal ({', '.join(notes)})" if notes else "equal"


def summary(results):
    equal = sum(result["equal"] for result in results)
    refused = sum(bool(result.get("refused_on_both")) for result in results)
    text = f"{equal} of {len(results) - refused} runs equal to the byte, event by event"
    return text + (f"; {refused} refused on both" if refused else "")


def markdown(facts, results, conformance, tracing=None):
    lines = [f"# {facts['left']} and {facts['right']}", "", f"**{summary(results)}.** Written by `scripts/gpu-check`; the same "
             "as data beside this file.", "", "| fact | value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts.items()]
    lines += ["", "| run | result | events | peak allocated | peak reserved |", "|---|---|---|---|---|"]
    for result in results:
        left = result.get("left")
        figures = f"{left['events']:,} | {left['peak_allocated_bytes']:,} | {left['peak_reserved_bytes']:,}" if left else "| |"
        lines.append(f"| {result['run']} | {verdict(result)} | {figures} |")
    different = [result for result in results if not result["equal"]]
    if different:
        lines += ["", "## First difference of each", ""]
        for result in different:
            lines += [f"**{result['run']}**", ""]
            lines += [f"- {line}" for line in difference_lines(result, facts["left"], facts["right"])] + [""]
    if conformance:
        lines += ["", "## Conformance tests", "", f"{len(conformance['same'])} with the same result on both."]
        lines += [f"- {name}: {left} and {right}" for name, left, right in conformance["different"]]
    if tracing:
        lines += ["", f"## What tracing tells on {tracing['device']}", ""]
        lines += [f"- {question}: {answer}" for question, answer in tracing["answers"]]
        lines += ["", "Not asked:", ""] + [f"- {question}" for question in tracing["unanswered"]]
    return "\n".join(lines).rstrip() + "\n"

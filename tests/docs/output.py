"""What a page shows of a command's output beside what the command wrote: `…` alone on a line stands for any lines, inside a
line for any text."""
import re

from page import GAP

# Of an alignment: it keeps the lines that match before all, and a line is likelier to have changed than to be gone, the more so
# where words stayed.
SAME_LINE, CHANGED_LINE, OTHER_LINE, LINE_MORE_OR_LESS = -10, 2, 5, 3


def merged(shown, written):
    """`shown` with what differs from `written` put right; equal to `shown` where nothing does. What still matches stays as it
    is, with its `…`."""
    shown = [line.rstrip() for line in shown]
    body = _without_blank_end(shown)
    blank_end = shown[len(body):]
    written = _without_blank_end([line.rstrip() for line in written])
    return _follow(body, written, _costs(body, written)) + blank_end


def _without_blank_end(lines):
    end = len(lines)
    while end and not lines[end - 1]:
        end -= 1
    return lines[:end]


def _is_gap(line):
    return line.strip() == GAP


def _matcher(line):
    if GAP not in line:
        return lambda text: text == line
    pattern = re.compile(".*".join(re.escape(part) for part in line.split(GAP)))
    return lambda text: pattern.fullmatch(text) is not None


def _cost_of_change(shown, written):
    words = set(shown.split())
    return CHANGED_LINE if 2 * len(words & set(written.split())) >= len(words) else OTHER_LINE


def _costs(shown, written):
    """costs[i][j] is (the least cost of aligning shown[i:] with written[j:], the step that has it)."""
    rows, columns = len(shown), len(written)
    costs = [[None] * (columns + 1) for _ in range(rows + 1)]
    costs[rows] = [((columns - j) * LINE_MORE_OR_LESS, "more") for j in range(columns + 1)]
    for i in reversed(range(rows)):
        gap, matches = _is_gap(shown[i]), _matcher(shown[i])
        below, row = costs[i + 1], costs[i]
        for j in reversed(range(columns + 1)):
            steps = [(below[j][0] + (0 if gap else LINE_MORE_OR_LESS), "gap ends" if gap else "less")]
            if j < columns and gap:
                steps.append((row[j + 1][0], "in gap"))
            elif j < columns:
                same = matches(written[j])
                steps.insert(0, (below[j + 1][0] + (SAME_LINE if same else _cost_of_change(shown[i], written[j])), "same" if same else "other"))
                steps.append((row[j + 1][0] + LINE_MORE_OR_LESS, "more"))
            row[j] = min(steps, key=lambda step: step[0])
    return costs


def _follow(shown, written, costs):
    lines = []
    i = j = 0
    while i < len(shown) or j < len(written):
        step = costs[i][j][1]
        if step in ("same", "gap ends"):
            lines.append(shown[i])
        elif step in ("other", "more"):
            lines.append(written[j])
        i += step in ("same", "other", "gap ends", "less")
        j += step in ("same", "other", "in gap", "more")
    return lines

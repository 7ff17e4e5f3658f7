// The embedded document. Arrays by category are in the order of data.categories.
const data = JSON.parse($("data").textContent);
const categories = data.categories;
const failed = (run) => !run.has_figures;
// "backward of step 2", "prefill", "decode of token 5".
function moment(phase, step) {
  const name = data.phases[phase];
  return step === 0 || name === "prefill" ? name : name + (name === "decode" ? " of token " : " of step ") + step;
}
const place = (run, peak) => (peak.event < 0 ? "" : moment(peak.phase, peak.step) + (peak.layer ? " at " + peak.layer : ""));
const usedCategories = (vectors) => categories.map((_, i) => i).filter((i) => vectors.some((bytes) => bytes[i] !== 0));

// Timeline columns hold differences; each category lists only the points where it changes: (points since, bytes by).
function decodeTimeline(packed) {
  const count = packed.event.length;
  const running = (steps) => { let at = 0; return steps.map((step) => (at += step)); };
  const column = (changes) => {
    const out = new Float64Array(count);
    let at = 0, bytes = 0;
    for (let i = 0; i < changes.length; i += 2) {
      const next = at + changes[i];
      out.fill(bytes, at, next);
      at = next;
      bytes += changes[i + 1];
    }
    return out.fill(bytes, at);
  };
  const series = packed.categories.map(column);
  const total = Float64Array.from({ length: count }, (_, i) => sumOf(series.map((values) => values[i])));
  const used = series.map((values) => values.some((bytes) => bytes !== 0));
  return { count, used, event: running(packed.event), time: running(packed.time), site: packed.site, reserved: column(packed.reserved), series, total };
}

const decoded = new Map();
function timelineOf(run) {
  if (!decoded.has(run)) decoded.set(run, decodeTimeline(run.timeline));
  return decoded.get(run);
}

// "encoder.layer.3.attention · aten::bmm · [8, 12, 128, 128] float32": whatever of it is known.
const describe = (run, parts) => parts.filter((text) => text).join(" · ");

// Looks at what has got the focus. Returns whether that was the last, and what is
// wrong.
(() => {
  const state = window.carillonFocus;
  const e = document.activeElement;
  const name = `<${e.localName}${e.id ? "#" + e.id : ""}> "${(e.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  if (e === state.last && e !== document.body) return { done: false, problems: [] };
  if (e === document.body || state.seen.includes(e)) {
    const missed = state.takes.filter((other) => !state.seen.includes(other) && other.checkVisibility());
    return { done: true, problems: missed.map((other) => `<${other.localName}> "${other.textContent.trim().slice(0, 40)}" is never reached`) };
  }
  const problems = [];
  const tell = (what) => problems.push(`${name}: ${what}`);
  const style = getComputedStyle(e);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const at = state.takes.indexOf(e);
  if (at < 0 && !outlined) tell("takes the focus unseen");
  if (at >= 0 && !outlined && state.looksOf(e) === state.plain[at]) tell("looks the same with the focus");
  const box = e.getBoundingClientRect();
  if (box.width === 0 || box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) tell("has the focus out of sight");
  state.seen.push(e);
  state.last = e;
  return { done: false, problems };
})()

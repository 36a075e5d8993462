// Notes how everything that takes the focus looks without it, and puts the focus
// before all of it. Returns how many there are.
(() => {
  document.activeElement.blur();
  const takes = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")]
    .filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }))
    .filter((e) => e.type !== "radio" || e.checked || !document.querySelector(`[name="${e.name}"]:checked`));
  const looksOf = (e) => {
    const s = getComputedStyle(e);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.backgroundColor, s.borderColor, s.textDecoration].join("|");
  };
  window.carillonFocus = { takes, looksOf, plain: takes.map(looksOf), seen: [], last: null };
  document.body.tabIndex = -1;
  document.body.focus({ preventScroll: true });
  document.body.removeAttribute("tabindex");
  return takes.length;
})()

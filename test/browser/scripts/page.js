// Looks for what keeps people from using a page, and returns a line for each. The
// numbers are those of WCAG 2.2, level AA: contrast 1.4.3, controls 1.4.11.
(() => {
  const problems = [];
  const tell = (element, what) => problems.push(`${path(element)}: ${what}`);

  function path(element) {
    const name = element.id ? `#${element.id}` : [...element.classList].map((c) => `.${c}`).join("");
    const text = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${element.localName}${name}> "${text}"`;
  }

  function shown(element) {
    const box = element.getBoundingClientRect();
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box.width > 0 && box.height > 0;
  }

  // Colours may be written in any way; a canvas knows all of them.
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  function rgba(color) {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = color;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
    return { r, g, b, a: a / 255 };
  }
  function over(front, back) {
    const mix = (f, b) => f * front.a + b * (1 - front.a);
    return { r: mix(front.r, back.r), g: mix(front.g, back.g), b: mix(front.b, back.b), a: 1 };
  }
  function luminance({ r, g, b }) {
    const linear = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  }
  function contrast(a, b) {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  }
  // What is behind an element: all layers down to the page.
  function behind(element) {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== "none") tell(e, "has a picture behind text, whose contrast nobody knows");
      layers.push(rgba(style.backgroundColor));
      if (layers.at(-1).a === 1) break;
    }
    const page = rgba("Canvas");
    return layers.reduceRight((back, layer) => over(layer, back), page);
  }
  function wantText(element, style, back, what) {
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const found = contrast(over(rgba(style.color), back), back);
    if (found < (large ? 3 : 4.5)) tell(element, `${what} has a contrast of ${found.toFixed(2)}`);
  }

  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE", "OPTION"].includes(element.tagName) || !shown(element)) continue;
    texts++;
    wantText(element, getComputedStyle(element), behind(element), "text");
    // Right-to-left text must not move what stands beside it.
    if (/[\u0590-\u08ff\ufb1d-\ufefc]/.test(node.data) && !element.closest("bdi, [dir]:not(html)")) {
      tell(element, "text from right to left is not kept apart: use bdi");
    }
  }
  if (texts === 0) problems.push("the page shows no text");

  for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!control.labels.length && !control.ariaLabel && !control.getAttribute("aria-labelledby")) tell(control, "has no label");
    if (!shown(control)) continue;
    const style = getComputedStyle(control);
    const back = behind(control);
    wantText(control, style, back, "the text in the field");
    if (control.placeholder) wantText(control, getComputedStyle(control, "::placeholder"), back, "the placeholder");
    if (control.type === "file") {
      const button = getComputedStyle(control, "::file-selector-button");
      wantText(control, button, over(rgba(button.backgroundColor), back), "the field's button");
    }
    const around = behind(control.parentElement);
    const edge = parseFloat(style.borderTopWidth) > 0 ? contrast(over(rgba(style.borderTopColor), around), around) : 1;
    const native = ["checkbox", "radio", "file", "range"].includes(control.type);
    if (!native && Math.max(edge, contrast(back, around)) < 3) tell(control, `the field's edge has a contrast of ${edge.toFixed(2)}`);
    const free = control.matches("textarea, input:not([type]), [type=text], [type=search]");
    if (free && !["tel", "numeric", "decimal"].includes(control.inputMode) && !control.dir) tell(control, "what is typed may run from right to left: write dir=auto");
  }

  if (!document.documentElement.lang) problems.push("the page does not say its language");
  if (!document.title.trim()) problems.push("the page has no title");
  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(shown);
  if (headings.filter((h) => h.localName === "h1").length !== 1) problems.push("the page has not one h1");
  headings.reduce((before, heading) => {
    const level = Number(heading.localName[1]);
    if (level > before + 1) tell(heading, `a heading of level ${level} follows one of level ${before}`);
    return level;
  }, 0);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) problems.push(`several elements have the id ${id}`);
  for (const image of document.querySelectorAll("img:not([alt])")) tell(image, "has no alt");
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("th[scope]")) tell(table, "has no head");
    if (getComputedStyle(table.parentElement).overflowX !== "auto") tell(table, "does not scroll by itself");
  }

  for (const element of document.querySelectorAll("[tabindex]")) if (element.tabIndex > 0) tell(element, "is out of the order of the page");

  const { scrollWidth: across, clientWidth: width } = document.documentElement; // innerWidth of a phone grows with the page
  if (across > width) {
    problems.push(`the page is ${across} pixels wide in a window of ${width}`);
    for (const e of document.body.querySelectorAll("*")) {
      if (shown(e) && e.getBoundingClientRect().right > width + 1 && !e.parentElement.closest(".scroll")) tell(e, "sticks out");
    }
  }
  return problems;
})()

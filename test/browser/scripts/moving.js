// What moves by itself or when it changes, although the reader asked for less.
(() => [...document.querySelectorAll("*")].flatMap((element) => {
  const style = getComputedStyle(element);
  const lasting = (times) => times.split(",").some((time) => parseFloat(time) > 0);
  const moves = lasting(style.transitionDuration) || (style.animationName !== "none" && lasting(style.animationDuration)) || style.scrollBehavior === "smooth";
  return moves ? [`<${element.localName} class="${element.className}"> moves`] : [];
}))()

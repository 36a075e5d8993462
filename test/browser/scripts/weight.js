// What the page took to load, in bytes, and when its first content was painted, in
// milliseconds from the request on.
(() => ({
  bytes: [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter((entry) => entry.initiatorType !== "eventsource")
    .reduce((total, entry) => total + entry.decodedBodySize, 0),
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
}))()

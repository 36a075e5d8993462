// Makes pages live. All of them work without it.
"use strict";

const number = new Intl.NumberFormat("en");

// Times are written in UTC; the reader's zone is known here.
function localTimes(root) {
  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.title = time.textContent;
    time.textContent = clock.format(new Date(time.dateTime));
  }
}

function share(part, whole) {
  if (!part || !whole) return 0;
  return part >= whole ? 100 : Math.min(Math.max(Math.floor((100 * part) / whole), 1), 99);
}

function sum(counts, names) {
  return names.split(" ").reduce((total, name) => total + (counts[name] || 0), 0);
}

function showStep(step) {
  const place = document.querySelector(`[data-step="${step.step}"]`);
  if (!place) return;
  const total = Object.values(step.counts).reduce((a, b) => a + b, 0);
  for (const bar of place.querySelectorAll("[data-bar]")) {
    bar.className = `part ${bar.dataset.bar} w${share(step.counts[bar.dataset.bar], total)}`;
  }
  for (const count of place.querySelectorAll("[data-count]")) {
    const n = step.counts[count.dataset.count] || 0;
    count.textContent = number.format(n);
    count.closest("[data-item]").hidden = n === 0;
  }
}

function showCampaign(campaign) {
  for (const place of document.querySelectorAll("[data-sum]")) {
    place.textContent = number.format(sum(campaign.counts, place.dataset.sum));
  }
  for (const place of document.querySelectorAll("[data-rate]")) {
    place.textContent = campaign.rate ? `${number.format(Math.round(campaign.rate * 10) / 10)}/s` : "–";
  }
  campaign.steps.forEach(showStep);
}

// Parts that the server draws are asked for again while the campaign changes, but
// never under somebody's hands.
const freshEvery = 5000;
let asked = 0;

async function refresh() {
  if (Date.now() - asked < freshEvery) return;
  asked = Date.now();
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const place of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.getElementById(place.id);
    if (!fresh || place.contains(document.activeElement) || place.querySelector("details[open]")) continue;
    place.replaceChildren(...fresh.childNodes);
    localTimes(place);
  }
}

// What has changed besides the counts is drawn by the server.
function follow(address) {
  let known;
  const events = new EventSource(address);
  const take = (event) => {
    const campaign = JSON.parse(event.data);
    const standing = JSON.stringify([campaign.state, campaign.reason, campaign.stopped, campaign.queue_trouble]);
    if (known !== undefined && known !== standing) location.reload();
    known = standing;
    showCampaign(campaign);
    refresh().catch(() => {}); // the next event asks again
  };
  events.addEventListener("progress", take);
  events.addEventListener("end", (event) => {
    take(event);
    events.close();
  });
}

localTimes(document);
if (document.body.dataset.live) follow(document.body.dataset.live);

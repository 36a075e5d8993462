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

// A list is dropped on its form, and shows how far it has come.
function uploads(form) {
  const file = form.querySelector("[data-drop]");
  const progress = form.querySelector("progress");
  const trouble = form.querySelector("[data-upload-error]");
  const mark = (on) => (event) => {
    event.preventDefault();
    form.classList.toggle("drop", on);
  };
  form.addEventListener("dragover", mark(true));
  form.addEventListener("dragleave", mark(false));
  form.addEventListener("drop", (event) => {
    mark(false)(event);
    if (event.dataTransfer.files.length !== 1) return;
    file.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  if (form.querySelector("[name=campaign]")) return; // the answer is a page, which the browser shows
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    const button = form.querySelector("button");
    const failed = (text) => {
      trouble.textContent = text;
      trouble.hidden = false;
      progress.hidden = true;
      button.disabled = false;
    };
    request.open("POST", `/api/uploads?name=${encodeURIComponent(file.files[0].name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (sent) => {
      if (sent.lengthComputable) progress.value = (100 * sent.loaded) / sent.total;
    });
    request.addEventListener("load", () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // not ours; the status says enough
      }
      if (request.status === 201) location.assign(`/new/${answer.id}`);
      else failed(answer.detail ? `${answer.detail}. What to do: ${answer.hint}.` : `The server answered ${request.status}.`);
    });
    request.addEventListener("error", () => failed("The connection was lost. Upload the list again."));
    trouble.hidden = true;
    progress.hidden = false;
    button.disabled = true;
    request.send(file.files[0]);
  });
}

// A time is chosen in the reader's zone and sent in UTC.
function localStart(field) {
  const local = (at) => new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  field.value = local(new Date(`${field.value}Z`));
  field.labels[0].textContent = "Time, for a start later";
  const sent = document.createElement("input");
  sent.type = "hidden";
  sent.name = field.name;
  field.removeAttribute("name");
  field.after(sent);
  field.form.addEventListener("submit", () => {
    const at = new Date(field.value);
    sent.value = Number.isNaN(at.getTime()) ? "" : at.toISOString().replace(/\.\d+Z$/, "Z");
  });
}

localTimes(document);
document.querySelectorAll("form[data-upload]").forEach(uploads);
document.querySelectorAll("input[data-local]").forEach(localStart);
if (document.body.dataset.live) follow(document.body.dataset.live);

// Runs once, when the list of conversations is on the page (`element`, `trigger`, `watch`, `props`
// are gradio's). Conversations stay in this browser, each under a key of its own, so that two tabs
// do not overwrite each other; the server sees one when it is opened. What is clicked in answers
// comes through here as well: every such button says in data-act what it is for.
const KEY = "quotable:";
const MOST = 50; // conversations kept

function stored() {
  const found = [];
  for (let i = 0; i < localStorage.length; i++) {
    const key = localStorage.key(i);
    if (!key.startsWith(KEY)) continue;
    try {
      found.push(JSON.parse(localStorage.getItem(key)));
    } catch {
      localStorage.removeItem(key); // not ours, or cut short
    }
  }
  return found.filter((c) => c && c.turns && c.turns.length).sort((a, b) => b.at - a.at);
}

function place() {
  return new URLSearchParams(location.hash.slice(1));
}

function settle(conversation, answer) {
  const hash = new URLSearchParams();
  if (conversation) hash.set("c", conversation);
  if (answer) hash.set("a", answer);
  history.replaceState(null, "", `${location.pathname}${location.search}${conversation ? "#" + hash : ""}`);
}

function button(text, act, id, label) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.dataset.act = act;
  made.dataset.id = id;
  if (label) made.setAttribute("aria-label", label);
  return made;
}

function list() {
  const rows = stored().map((conversation) => {
    const row = document.createElement("li");
    const title = conversation.turns[0].question;
    const open = button(title, "reopen", conversation.id);
    open.dir = "auto";
    if (conversation.id === place().get("c")) open.setAttribute("aria-current", "true");
    row.append(open, button("×", "forget", conversation.id, `Delete “${title}”`));
    return row;
  });
  const heading = document.createElement("h2");
  heading.textContent = "Conversations";
  const rowsOf = document.createElement("ul");
  rowsOf.append(...rows);
  element.replaceChildren(...(rows.length ? [heading, rowsOf] : []));
}

function keep(record) {
  if (!record || !record.turns.length) return;
  for (const old of stored().slice(MOST - 1)) if (old.id !== record.id) localStorage.removeItem(KEY + old.id);
  try {
    localStorage.setItem(KEY + record.id, JSON.stringify({ ...record, at: Date.now() }));
  } catch {
    say("This browser has no room left to keep the conversation.");
  }
  settle(record.id);
  list();
}

function reopen(id) {
  const record = stored().find((conversation) => conversation.id === id);
  if (record) trigger("reopen", { record });
  return Boolean(record);
}

function say(text) {
  window.dispatchEvent(new CustomEvent("rag-say", { detail: text }));
}

function download(file) {
  if (!file) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say(`${file.name} is downloaded.`);
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not a secure context, or not allowed
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(done);
}

function linkTo(turn) {
  const hash = new URLSearchParams({ c: place().get("c") ?? "", a: turn });
  const question = document.querySelector(`[data-act="retry"][data-turn="${turn}"]`)
    ?.closest(".rag-asked").querySelector(".rag-question").textContent;
  if (question) hash.set("q", question.slice(0, 1500));
  return `${location.origin}${location.pathname}#${hash}`;
}

function box() {
  return document.querySelector("#rag-question textarea");
}

function type(question) {
  const area = box();
  if (!area) return setTimeout(type, 50, question); // the page is still being laid out
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, question);
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
}

const acts = {
  next: (data) => trigger("next", { question: data.question }),
  retry: (data) => trigger("retry", { turn: Number(data.turn) }),
  edit(data, clicked) {
    document.body.dataset.editing = data.turn; // until Enter or Escape, see below
    type(clicked.closest(".rag-asked").querySelector(".rag-question").textContent);
    say("The question is in the question box; Enter asks it instead, Escape leaves it as it was.");
  },
  copy: (data) => copy(data.copy, "Copied."),
  link: (data) => copy(linkTo(data.turn), "The link is copied. It opens this answer in this browser."),
  save(data, clicked) {
    clicked.closest("details").open = false;
    trigger("save", { turn: Number(data.turn), kind: data.kind, id: Date.now() });
  },
  verdict: (data) => trigger("judge", { turn: Number(data.turn), verdict: data.verdict }),
  reopen: (data) => reopen(data.id),
  forget(data) {
    localStorage.removeItem(KEY + data.id);
    if (place().get("c") === data.id) settle();
    list();
  },
};

document.addEventListener("click", (event) => {
  const clicked = event.target.closest("button[data-act]");
  const act = clicked && acts[clicked.dataset.act];
  if (act) act(clicked.dataset, clicked);
});
// A question that is being asked anew does not go to the end of the conversation.
function leaveEditing() {
  delete document.body.dataset.editing;
  type("");
}

function askAnew(event) {
  const turn = Number(document.body.dataset.editing);
  const question = box().value;
  if (!turn || !question.trim()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  leaveEditing();
  trigger("retry", { turn, question });
}

document.addEventListener("keydown", (event) => {
  if (!document.body.dataset.editing) return;
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopImmediatePropagation();
    leaveEditing();
  } else if (event.key === "Enter" && !event.shiftKey && event.target === box()) askAnew(event);
}, true);
document.addEventListener("click", (event) => {
  if (document.body.dataset.editing && event.target.closest("#rag-question button.submit-button")) askAnew(event);
}, true);
window.addEventListener("storage", list);
window.addEventListener("hashchange", begin);
watch("record", () => keep(props.record));
watch("download", () => download(props.download));

function begin() {
  const wanted = place();
  if (!wanted.get("c")) return;
  if (reopen(wanted.get("c"))) {
    if (wanted.get("a")) window.dispatchEvent(new CustomEvent("rag-go", { detail: `a${wanted.get("a")}` }));
    settle(wanted.get("c"), wanted.get("a"));
  } else {
    settle();
    if (wanted.get("q")) type(wanted.get("q"));
    say("This answer is kept in another browser. Its question is in the box: ask it again.");
  }
}

list();
begin();

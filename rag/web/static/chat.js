// What happens around the conversation: what a screen reader hears, and where the page scrolls to.
{
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  const made = (name, attributes) => {
    const element = document.createElement("div");
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    document.body.append(element);
    return element;
  };

  // An answer says of itself, in data-say, what is to be heard; hearing every change would be noise.
  const live = made("div", { class: "rag-hidden", role: "status", id: "rag-live" });
  const toast = made("div", { id: "rag-toast", "aria-hidden": "true" });
  let told = ""; // what the last answer said of itself, so that it is not said again
  let fading = 0;
  addEventListener("rag-say", (event) => {
    live.textContent = event.detail;
    toast.textContent = event.detail;
    toast.classList.add("rag-shown");
    clearTimeout(fading);
    fading = setTimeout(() => toast.classList.remove("rag-shown"), 5000);
  });

  // A new question moves to the top, so that its answer is read from its beginning while it grows.
  // After that the reader alone scrolls.
  const toTop = (row) => {
    const room = row.closest("[role=log]");
    const by = row.getBoundingClientRect().top - room.getBoundingClientRect().top;
    room.scrollBy({ top: by, behavior: calm() ? "auto" : "smooth" });
  };
  let asked = 0;
  let wanted = null; // the id of an answer to go to as soon as it is there
  addEventListener("rag-go", (event) => (wanted = event.detail));
  const look = () => {
    const every = document.querySelector("#rag-articles .select-all-checkbox:not([aria-label])");
    every?.setAttribute("aria-label", "All sources"); // gradio gives it a title only
    const log = document.querySelector("#rag-transcript [role=log]");
    if (!log) return;
    if (log.getAttribute("aria-live") !== "off") log.setAttribute("aria-live", "off");
    const questions = log.querySelectorAll(".user-row");
    document.body.classList.toggle("rag-begun", questions.length > 0);
    const answer = wanted && document.getElementById(wanted);
    if (answer) {
      wanted = null;
      toTop(answer.closest(".bot-row").previousElementSibling ?? answer);
    } else if (questions.length > asked && !wanted) toTop(questions[questions.length - 1]);
    asked = questions.length;
    const rows = log.querySelectorAll(".bot-row");
    const text = rows[rows.length - 1]?.querySelector("[data-say]")?.dataset.say;
    if (text && text !== told) live.textContent = told = text;
  };
  new MutationObserver(look).observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["data-say"],
  });

  // Sources and conversations are open where there is room for them.
  const toggle = () => document.querySelector("#rag-aside .toggle-button");
  const opened = () => document.querySelector("#rag-aside").classList.contains("open");
  const describe = () => {
    toggle().setAttribute("aria-label", "Sources and conversations");
    toggle().setAttribute("aria-expanded", String(opened()));
  };
  const waiting = setInterval(() => {
    if (!toggle()) return;
    clearInterval(waiting);
    if (matchMedia("(min-width: 1100px)").matches && !opened()) toggle().click();
    describe();
    new MutationObserver(describe).observe(document.querySelector("#rag-aside"), {
      attributes: true,
      attributeFilter: ["class"],
    });
  }, 50);

  // Light or dark: the system's choice until the reader makes one.
  const THEME = "quotable-theme";
  const chosen = localStorage.getItem(THEME);
  if (chosen) document.body.classList.toggle("dark", chosen === "dark");
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-act=theme]")) return;
    const dark = document.body.classList.toggle("dark");
    localStorage.setItem(THEME, dark ? "dark" : "light");
  });
}

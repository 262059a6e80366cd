// Runs when the page is ready: a new question moves to the top of the chat, so that its answer is
// read from its beginning while it grows. After that the reader alone scrolls.
() => {
  let asked = 0;
  new MutationObserver(() => {
    const questions = document.querySelectorAll("#rag-transcript .user-row");
    if (questions.length > asked) {
      const question = questions[questions.length - 1];
      const room = question.closest("[role=log]");
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      room.scrollIntoView({ block: "nearest" }); // on a phone the page itself scrolls too
      const top = question.getBoundingClientRect().top - room.getBoundingClientRect().top;
      room.scrollBy({ top, behavior: calm ? "auto" : "smooth" });
    }
    asked = questions.length;
  }).observe(document.body, { childList: true, subtree: true });
}

// Streams an answer into the page. Without this file the forms post, and the page comes back whole.
(() => {
  "use strict";
  const form = document.getElementById("ask");
  const [list, send, stop, announcer] = ["messages", "send", "stop", "announcer"].map((id) => document.getElementById(id));
  const box = form?.elements.question;
  let running = null;

  // Server-sent events, whatever the borders of the pieces that arrive.
  async function* events(body) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let buffer = "";
    try {
      for (;;) {
        const { done, value } = await reader.read();
        buffer += decoder.decode(value, { stream: !done });
        const open = !done && buffer.endsWith("\r") ? 1 : 0; // perhaps half of a line's end
        const blocks = buffer.slice(0, buffer.length - open).replace(/\r\n?/g, "\n").split("\n\n");
        buffer = blocks.pop() + (open ? "\r" : "");
        yield* blocks.map(parse).filter(Boolean);
        if (done) return;
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  function parse(block) {
    const field = (name) => block.split("\n").filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ""));
    const data = field("data");
    return data.length ? { name: field("event").at(-1) ?? "message", data: JSON.parse(data.join("\n")) } : null;
  }

  // A question that is asked again is answered in the place of its message.
  function begin(question, old) {
    const article = document.getElementById("pending").content.firstElementChild.cloneNode(true);
    article.querySelector(".question").textContent = question;
    document.getElementById("welcome")?.remove();
    old ? old.replaceWith(article) : list.append(article);
    article.scrollIntoView({ block: "start" });
    return { article, old, question, prose: article.querySelector(".prose"), id: "", failed: "" };
  }

  function showSources(run, data) {
    run.id = data.message_id || "";
    run.prose.classList.add("found");
    const blank = run.article.querySelector(".source");
    const items = data.sources.map((source) => {
      const item = blank.cloneNode(true);
      const [n, link, where] = item.children;
      n.textContent = source.n;
      if (String(source.url).startsWith("/")) link.href = source.url;
      link.textContent = source.title;
      where.textContent = [source.page && ` · ${source.page_kind} ${source.page}`, source.heading && ` · ${source.heading}`].filter(Boolean).join("");
      return item;
    });
    blank.parentNode.replaceChildren(...items);
    announcer.textContent = `Passages being read: ${items.length}.`;
    if (!form.dataset.conversation && data.conversation_id) enter(data.conversation_id);
  }

  // The first question made a conversation: the page becomes its page.
  function enter(id) {
    form.dataset.conversation = id;
    form.action = `/chat/${encodeURIComponent(id)}/`;
    history.replaceState(null, "", form.action);
    const conversations = document.getElementById("conversations");
    if (window.htmx && conversations) htmx.ajax("GET", `/chat/?current=${encodeURIComponent(id)}`, { target: conversations, swap: "outerHTML" });
  }

  // Asked again without another scope, a question looks where it looked before.
  function asked({ question, old }, fields) {
    const again = { replaces: old?.id.slice("message-".length) };
    const anew = { conversation_id: form.dataset.conversation || null, collections: fields.getAll("collections").map(Number), documents: fields.getAll("documents"), as_of: fields.get("as_of") || null };
    return JSON.stringify({ question, stream: true, ...(old ? again : anew) });
  }

  async function stream(run) {
    const fields = new FormData(form);
    const response = await fetch(form.dataset.api, {
      method: "POST",
      signal: running.signal,
      headers: { "Content-Type": "application/json", Accept: "text/event-stream", "X-CSRFToken": fields.get("csrfmiddlewaretoken") },
      body: asked(run, fields),
    });
    if (!response.ok || !response.body) {
      const problem = await response.json().catch(() => ({}));
      run.failed = problem.detail || `The answer could not be fetched (${response.status}).`;
      return;
    }
    for await (const { name, data } of events(response.body)) {
      if (name === "sources") showSources(run, data);
      else if (name === "delta") run.prose.append(data.text);
      else if (name === "error") [run.failed, run.id] = [data.detail || data.title, data.message_id || run.id];
      else if (name === "done") {
        run.id = data.id;
        run.done = true;
        announcer.textContent = `Answer: ${data.answer}`;
      }
      if (run.done || run.failed) return;
    }
    run.failed = "The connection was lost before the answer was complete.";
  }

  // What the server kept is the truth: it replaces what was streamed, in its place.
  async function settle(run) {
    run.article.removeAttribute("aria-busy");
    if (run.failed && !run.old) box.value ||= run.question;
    if (run.id && window.htmx) {
      await htmx.ajax("GET", `/chat/messages/${encodeURIComponent(run.id)}/`, { target: run.article, swap: "outerHTML" }).catch(() => {});
      if (run.failed) announcer.textContent = run.failed;
      return;
    }
    if (run.failed) {
      const note = run.article.querySelector(".note");
      Object.assign(note, { textContent: run.failed, hidden: false });
      run.article.querySelector(".sources").remove();
      run.old?.querySelector(".body > [role=alert]")?.remove();
      if (run.old) run.old.querySelector(".body").append(note);
      else if (!run.prose.textContent) run.prose.remove();
    }
    if (run.old) run.article.replaceWith(run.old);
    else if (!run.failed && !run.done) run.article.remove();
  }

  async function ask(question, old) {
    running = new AbortController();
    const run = begin(question, old);
    if (!old) box.value = "";
    toggle(true);
    announcer.textContent = "Looking for passages.";
    try {
      await stream(run);
    } catch (error) {
      if (error.name !== "AbortError") run.failed = "The server could not be reached. Your question is kept.";
      else if (!run.id && !old) box.value ||= question;
    }
    running = null;
    toggle(false);
    await settle(run);
  }

  function toggle(busy) {
    [send.hidden, stop.hidden] = [busy, !busy];
    if (busy || document.activeElement === stop || document.activeElement === document.body) (busy ? stop : box).focus({ preventScroll: true });
  }

  // The sentence under the pointer or the focus lights its sources; a source, its sentences.
  function light(event) {
    document.querySelectorAll(".lit").forEach((element) => element.classList.remove("lit"));
    const element = event.type.endsWith("out") ? null : event.target.closest?.(".sentence[data-cites], .source[data-n]");
    const answer = element?.closest(".earlier-answer, .message");
    if (!answer) return;
    const numbers = (element.dataset.cites ?? element.dataset.n).split(" ").filter(Boolean);
    const inside = (selector) => [...answer.querySelectorAll(selector)].filter((found) => found.closest(".earlier-answer, .message") === answer);
    for (const sentence of inside(".sentence[data-cites]"))
      if (element.dataset.n ? sentence.dataset.cites.split(" ").includes(element.dataset.n) : sentence === element) sentence.classList.add("lit");
    for (const source of inside(".source[data-n]")) if (numbers.includes(source.dataset.n)) source.classList.add("lit");
  }
  for (const type of ["mouseover", "mouseout", "focusin", "focusout"]) list?.addEventListener(type, light);

  // Copies the answer with its sources. Where there is no clipboard, selects what is shown.
  list?.addEventListener("click", async (event) => {
    const link = event.target.closest("a.copy");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const text = fetch(link.href).then((response) => (response.ok ? response.blob() : Promise.reject(response)));
    try {
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": text.then((blob) => blob.slice(0, blob.size, "text/plain")) })]);
      announcer.textContent = link.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(link.closest(".message").querySelector(".prose"));
      announcer.textContent = link.textContent = "Selected: copy it now";
    }
  });

  if (!form || !window.ReadableStream) return;
  document.addEventListener("submit", (event) => {
    const asking = event.target;
    if (asking !== form && !asking.matches(".again")) return;
    event.preventDefault();
    const old = asking.closest(".message");
    const question = asking.elements.question?.value ?? old.querySelector(".question").textContent;
    if (question.trim() && !running) ask(question.trim(), old);
  });
  stop.addEventListener("click", () => running?.abort());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") running?.abort();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches("textarea[name=question]")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });
})();

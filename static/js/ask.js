// Streams an answer into the page. Without this file the form posts, and the page comes back whole.
(() => {
  "use strict";
  const form = document.getElementById("ask");
  if (!form || !window.ReadableStream) return;
  const box = form.elements.question;
  const [list, send, stop, announcer] = ["messages", "send", "stop", "announcer"].map((id) => document.getElementById(id));
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
        const whole = buffer.slice(0, buffer.length - open).replace(/\r\n?/g, "\n");
        const blocks = whole.split("\n\n");
        buffer = blocks.pop() + (open ? "\r" : "");
        for (const block of blocks) {
          const event = parse(block);
          if (event) yield event;
        }
        if (done) return;
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  function parse(block) {
    let name = "message";
    const data = [];
    for (const line of block.split("\n")) {
      if (line.startsWith("event:")) name = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
    return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
  }

  function begin(question) {
    const article = document.getElementById("pending").content.firstElementChild.cloneNode(true);
    article.querySelector(".question").textContent = question;
    document.getElementById("welcome")?.remove();
    list.append(article);
    article.scrollIntoView({ block: "start" });
    return { article, prose: article.querySelector(".prose"), id: "", failed: "" };
  }

  function showSources(run, data) {
    run.id = data.message_id || "";
    run.prose.classList.add("found");
    const items = (data.sources ?? data.citations).map((source, i) => {
      const item = document.createElement("li");
      const [n, link, where] = ["span", "a", "span"].map((tag) => document.createElement(tag));
      item.className = "source";
      n.className = "n";
      n.textContent = source.n || i + 1;
      where.className = "where";
      if (String(source.url).startsWith("/")) link.href = source.url;
      link.textContent = source.title;
      where.textContent = [source.page && ` · page ${source.page}`, source.heading && ` · ${source.heading}`].filter(Boolean).join("");
      item.append(n, link, where);
      return item;
    });
    run.article.querySelector("ol").replaceChildren(...items);
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

  async function problem(response) {
    const body = await response.json().catch(() => ({}));
    return body.detail || `The answer could not be fetched (${response.status}).`;
  }

  async function stream(run, question) {
    const fields = new FormData(form);
    const response = await fetch(form.dataset.api, {
      method: "POST",
      signal: running.signal,
      headers: { "Content-Type": "application/json", Accept: "text/event-stream", "X-CSRFToken": fields.get("csrfmiddlewaretoken") },
      body: JSON.stringify({
        question,
        conversation_id: form.dataset.conversation || null,
        collections: fields.getAll("collections").map(Number),
        documents: fields.getAll("documents"),
        stream: true,
      }),
    });
    if (!response.ok || !response.body) {
      run.failed = await problem(response);
      return;
    }
    for await (const { name, data } of events(response.body)) {
      if (name === "sources") showSources(run, data);
      else if (name === "delta") run.prose.append(data.text);
      else if (name === "error") run.failed = data.detail || data.title;
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
  async function settle(run, question) {
    run.article.removeAttribute("aria-busy");
    if (run.failed && !box.value) box.value = question;
    if (run.id && window.htmx) {
      await htmx.ajax("GET", `/chat/messages/${encodeURIComponent(run.id)}/`, { target: run.article, swap: "outerHTML" }).catch(() => {});
      if (run.failed) announcer.textContent = run.failed;
      return;
    }
    if (run.failed) {
      run.article.querySelector(".sources").remove();
      const note = document.createElement("p");
      note.className = "note error";
      note.setAttribute("role", "alert");
      note.textContent = run.failed;
      run.article.querySelector(".body").replaceChildren(...(run.prose.textContent ? [run.prose] : []), note);
    } else if (!run.done) run.article.remove();
  }

  async function ask(question) {
    running = new AbortController();
    const run = begin(question);
    box.value = "";
    toggle(true);
    announcer.textContent = "Looking for passages.";
    try {
      await stream(run, question);
    } catch (error) {
      if (error.name === "AbortError") box.value ||= run.id ? "" : question;
      else run.failed = "The server could not be reached. Your question is kept.";
    }
    running = null;
    toggle(false);
    await settle(run, question);
  }

  function toggle(busy) {
    send.hidden = busy;
    stop.hidden = !busy;
    if (busy || document.activeElement === stop || document.activeElement === document.body) (busy ? stop : box).focus({ preventScroll: true });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = box.value.trim();
    if (question && !running) ask(question);
  });
  stop.addEventListener("click", () => running?.abort());
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });

  // The sentence under the pointer or the focus lights its sources; a source, its sentences.
  function light(event) {
    document.querySelectorAll(".lit").forEach((element) => element.classList.remove("lit"));
    const element = event.type.endsWith("out") ? null : event.target.closest?.(".sentence[data-cites], .source[data-n]");
    const message = element?.closest(".message");
    if (!message) return;
    const numbers = (element.dataset.cites ?? element.dataset.n).split(" ").filter(Boolean);
    for (const sentence of message.querySelectorAll(".sentence[data-cites]"))
      if (element.dataset.n ? sentence.dataset.cites.split(" ").includes(element.dataset.n) : sentence === element) sentence.classList.add("lit");
    for (const n of numbers) message.querySelector(`.source[data-n="${CSS.escape(n)}"]`)?.classList.add("lit");
  }
  for (const type of ["mouseover", "mouseout", "focusin", "focusout"]) list.addEventListener(type, light);
})();

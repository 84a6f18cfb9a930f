// Uploads many files, each in a request of its own, with its progress. Without this file the form does it.
(() => {
  "use strict";
  const form = document.getElementById("upload");
  if (!form) return;
  const input = form.elements.files;
  const report = form.querySelector(".uploads");
  const AT_ONCE = 2;
  const waiting = [];
  let active = 0;

  function line(file) {
    const [item, name, bar] = ["li", "span", "progress"].map((tag) => document.createElement(tag));
    name.textContent = file.name;
    Object.assign(bar, { max: 1, value: 0, ariaLabel: file.name });
    item.append(name, bar);
    report.append(item);
    return { item, bar };
  }

  function end({ item, bar }, text, failed) {
    const result = document.createElement("span");
    result.textContent = text;
    bar.replaceWith(result);
    if (failed) result.className = "failed";
    else setTimeout(() => item.remove(), 6000);
  }

  function send(file, shown, done) {
    const request = new XMLHttpRequest();
    const body = new FormData(form);
    body.delete("files");
    if (!body.get("collection")) body.delete("collection");
    body.append("files", file, file.name);
    request.open("POST", form.dataset.api);
    request.responseType = "json";
    request.setRequestHeader("X-CSRFToken", body.get("csrfmiddlewaretoken"));
    request.upload.onprogress = (event) => event.lengthComputable && (shown.bar.value = event.loaded / event.total);
    request.onerror = () => done("The server could not be reached.", true);
    request.onload = () => {
      const answer = request.response || {};
      const refused = answer.rejected?.[0];
      const accepted = answer.documents?.[0];
      if (accepted) done(accepted.duplicate ? "Is here already" : "Added", false);
      else done(refused?.message || answer.detail || `Refused (${request.status})`, true);
    };
    request.send(body);
  }

  function next() {
    while (active < AT_ONCE && waiting.length) {
      const { file, shown } = waiting.shift();
      active += 1;
      send(file, shown, (text, failed) => {
        active -= 1;
        end(shown, text, failed);
        if (!active && !waiting.length) window.htmx?.ajax("GET", location.pathname + location.search, { target: "#documents", swap: "outerHTML" });
        next();
      });
    }
  }

  function add(files) {
    for (const file of files) {
      const shown = line(file);
      if (file.size > Number(form.dataset.maxSize)) end(shown, `Larger than ${form.dataset.maxText}, the limit here`, true);
      else waiting.push({ file, shown });
    }
    next();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(input.files);
    input.value = "";
  });
  input.addEventListener("change", () => form.requestSubmit());

  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const dropping = (on) => document.body.classList.toggle("dropping", on);
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || dropping(false));
  document.addEventListener("drop", (event) => {
    dropping(false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  form.querySelector("[data-needs-script]").hidden = false;
})();

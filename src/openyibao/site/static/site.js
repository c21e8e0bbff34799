// Two searches, both over what the page already holds: the policies on the front page; the terms of the glossary or the constructs.
"use strict";

document.querySelectorAll("[data-needs-script]").forEach((part) => { part.hidden = false; });

const finder = document.getElementById("finder");
if (finder) {
  const place = document.getElementById("place");
  const scheme = document.getElementById("scheme");
  const day = document.getElementById("date");
  const found = document.getElementById("found");
  const shelves = (code) => [...document.querySelectorAll(`.place[data-place="${CSS.escape(code)}"] .shelf`)];

  const heading = (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    return line;
  };
  const list = (items) => {
    const ul = document.createElement("ul");
    items.forEach((item) => ul.append(item.cloneNode(true)));
    return ul;
  };
  const show = () => {
    found.replaceChildren();
    if (!place.value || !scheme.value) return;
    const shelf = shelves(place.value).find((one) => one.dataset.scheme === scheme.value);
    const items = shelf ? [...shelf.querySelectorAll("li")] : [];
    if (!items.length) { found.append(heading(found.dataset.nothing)); return; }
    if (!day.value) { found.append(heading(found.dataset.newest), list(items)); return; }
    const then = items.filter((one) => one.dataset.from <= day.value && day.value < one.dataset.before);
    found.append(heading(then.length ? found.dataset.then : found.dataset.notThen), list(then.length ? then : items));
  };
  place.addEventListener("change", () => {
    const before = scheme.value;
    scheme.replaceChildren(scheme.options[0]);
    const there = place.value ? shelves(place.value) : [];
    there.forEach((one) => scheme.append(new Option(one.dataset.name, one.dataset.scheme)));
    scheme.value = there.length === 1 ? there[0].dataset.scheme : before;
    if (scheme.selectedIndex < 0) scheme.selectedIndex = 0;
    show();
  });
  scheme.addEventListener("change", show);
  day.addEventListener("change", show);
  document.getElementById("clear-date").addEventListener("click", () => { day.value = ""; show(); });
  finder.addEventListener("submit", (event) => event.preventDefault());
  if (place.value) place.dispatchEvent(new Event("change"));
}

const search = document.getElementById("search");
if (search) {
  const query = document.getElementById("query");
  const count = document.getElementById("term-count");
  const terms = [...document.querySelectorAll(".term")].map((part) => ({
    part, text: `${part.dataset.search} ${part.textContent.toLowerCase()}`,
  }));
  const everything = count.textContent;
  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    terms.forEach(({ part, text }) => {
      part.hidden = !words.every((word) => text.includes(word));
      if (!part.hidden) shown += 1;
    });
    document.querySelectorAll(".terms").forEach((part) => {
      const asked = words.length > 0 || !("whenAsked" in part.dataset);
      part.hidden = !asked || !part.querySelector(".term:not([hidden])");
    });
    count.textContent = words.length ? count.dataset.found.replace("#", shown) : everything;
  };
  query.addEventListener("input", filter);
  search.addEventListener("submit", (event) => event.preventDefault());
  if (query.value) filter();
}

// A table that is wider than its place says so.
const tellWide = () => {
  document.querySelectorAll(".scroll").forEach((part) => {
    const hint = part.nextElementSibling;
    if (hint && hint.classList.contains("swipe")) hint.hidden = part.scrollWidth <= part.clientWidth;
  });
};
tellWide();
window.addEventListener("resize", tellWide);
document.addEventListener("toggle", tellWide, true);

// What is folded away belongs on paper too.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details:not([open])").forEach((part) => { part.open = true; });
});

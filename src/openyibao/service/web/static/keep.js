// The questions are renewed when place or day change. What somebody fills in until the reply is there must not be lost:
// it is put into the new questions, where they still ask for it. Without this, a slow network answers another question.
"use strict";

const fields = () => [...document.querySelectorAll("#ask [name]")];
let sent = new Map();
let kept = [];

document.addEventListener("htmx:before:request", () => {
  sent = new Map(fields().map((field) => [field.name, field.value]));
});
document.addEventListener("htmx:before:swap", () => {
  kept = fields().filter((field) => sent.get(field.name) !== field.value).map((field) => [field.name, field.value]);
});
document.addEventListener("htmx:after:swap", () => {
  for (const [name, value] of kept) {
    const field = document.getElementById(name);
    const offered = field && (!field.options || [...field.options].some((option) => option.value === value));
    if (!offered) continue;
    field.value = value;
    field.closest("details")?.setAttribute("open", "");
  }
});

// A place or day that was chosen before the scripts were there, or that the browser filled in again (reload, back).
const changed = (field) => field.options
  ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
  : field.value !== field.defaultValue;
const renew = () => {
  [...document.querySelectorAll(".begin [name]")].find(changed)?.dispatchEvent(new Event("change", { bubbles: true }));
};
window.addEventListener("pageshow", () => setTimeout(renew));  // htmx begins in a turn of its own, too

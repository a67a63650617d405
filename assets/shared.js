// What the parts of the page share: asking the studio, telling each other, copying.
const { say, pick, translate, address, make, duration, toast, complain, whole, language } = window.rushes;
translate(element);
const $ = selector => element.querySelector(selector);

// Gradio gives undefined where the studio could not be reached.
async function ask(answer, asked = {}) {
  const told = await answer(asked);
  if (!told) toast(say('offline'), { bad: true });
  else if (told.problem) complain(told.problem);
  return told;
}
const tell = (name, detail) => document.dispatchEvent(new CustomEvent('rushes-' + name, { detail }));
const hear = (name, run) => document.addEventListener('rushes-' + name, event => run(event.detail));
async function copy(text) {
  try { await navigator.clipboard.writeText(text); }
  catch {
    // A page that another computer shows may not use the clipboard; the old way still works there.
    const area = make('textarea');
    area.value = text;
    (element.querySelector('dialog[open]') || element).append(area);
    area.select(); document.execCommand('copy'); area.remove();
  }
  toast(say('copied'));
}

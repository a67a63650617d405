// The contact sheet of a sweep. A view: what it shows comes from the desk, and what is pressed goes there; only which looks
// are chosen is known here alone. Words of the person are only ever written with textContent.
const { say, pick, translate, address, make, toast, complain, language } = window.rushes;
translate(element);
const $ = selector => element.querySelector(selector);
const dialog = $('dialog'), grid = $('.looksgrid');
const nodes = new Map();          // take → its <li>
const chosen = new Set();         // takes
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
let sheet = null, saving = false;

const live = look => ['queued', 'running'].includes(look.state);
const refinable = look => look.clip && !(look.refine && live(look.refine));
const picked = () => sheet.looks.filter(look => chosen.has(look.take));

// Only what is in sight plays: every film that is open costs memory, and a browser opens so many at most.
function move(li, on) {
  const video = li.querySelector('video'), source = on ? li.dataset.file || '' : '';
  if ((video.getAttribute('src') || '') === source) return;
  li.classList.remove('moving');
  if (source) { video.src = source; video.play().catch(() => {}); } else { video.removeAttribute('src'); video.load(); }
}
const sight = new IntersectionObserver(seen => seen.forEach(each => {
  each.target.dataset.seen = String(each.isIntersecting);
  move(each.target, each.isIntersecting && !calm);
}), { root: grid });

function frame() {
  const li = make('li'), button = make('button', 'frame'), label = make('label'), box = make('input');
  const image = make('img'), video = make('video'), ring = make('span', 'ring');
  button.type = 'button'; box.type = 'checkbox'; image.alt = '';
  video.muted = video.loop = video.playsInline = video.disablePictureInPicture = true;
  video.tabIndex = -1; video.setAttribute('aria-hidden', 'true');
  ring.append(make('i'));
  button.append(image, video, make('span', 'tag'), make('span', 'why'), ring);
  label.append(box, make('span', 'number'), make('span', 'name'));
  li.append(button, label);
  video.addEventListener('loadeddata', () => li.classList.add('moving'));
  if (calm) for (const [name, on] of [['pointerenter', true], ['pointerleave', false]]) button.addEventListener(name, () => move(li, on));
  sight.observe(li);
  return li;
}
function tag(look) {
  if (look.state === 'running') return look.percent + '%';
  if (look.state !== 'finished') return say('state_' + look.state);
  if (!look.clip) return say('sheet_removed');
  if (!look.refine) return '';
  if (live(look.refine)) return say('refining_look', look.refine);
  return look.refine.state === 'finished' ? say('refined_look') : '';
}
function paintLook(look) {
  const li = nodes.get(look.take), button = li.querySelector('.frame'), image = li.querySelector('img'), box = li.querySelector('input');
  const name = pick(look.name), label = tag(look), poster = address(look.poster || look.glimpse);
  li.dataset.take = look.take; li.dataset.id = look.id; li.dataset.state = look.state; li.dataset.file = address(look.file);
  li.dataset.refine = look.refine ? look.refine.state : '';
  li.style.setProperty('--done', (look.state === 'running' ? look.percent : look.refine ? look.refine.percent : 0) + '%');
  if (!look.clip) chosen.delete(look.take);
  box.checked = chosen.has(look.take); box.disabled = !look.clip;
  li.querySelector('.tag').textContent = label;
  li.querySelector('.why').textContent = pick(look.error);
  li.querySelector('.number').textContent = look.take;
  li.querySelector('.name').textContent = li.querySelector('label').title = name;
  button.setAttribute('aria-label', [name, label || say('state_finished'), pick(look.error), say('to_stage')].filter(Boolean).join(', '));
  // Not every step of a render brings a new glimpse of it.
  if (poster) { if (image.getAttribute('src') !== poster) image.src = poster; } else if (look.state !== 'running') image.removeAttribute('src');
  if (li.dataset.seen === 'true' && !calm) move(li, true);
}
function paintTools() {
  const some = picked(), ready = sheet.looks.filter(look => look.clip).length;
  $('.picks').textContent = some.length ? say('chosen_some', { n: some.length }) : say('chosen_none');
  $('[data-act=refine]').disabled = !some.some(refinable);
  $('[data-act=again]').disabled = !sheet.looks.some(look => ['paused', 'failed', 'cancelled', 'interrupted'].includes(look.state));
  $('[data-act=cancel]').disabled = !sheet.looks.some(live);
  element.querySelectorAll('[data-save]').forEach(button => { button.disabled = saving || !ready; });
}
function paint() {
  const wanted = new Set(sheet.looks.map(look => look.take));
  for (const [take, li] of nodes) if (!wanted.has(take)) { sight.unobserve(li); li.remove(); nodes.delete(take); chosen.delete(take); }
  dialog.style.setProperty('--shape', sheet.shape);
  // Few looks are shown large; an upright one takes less of the width.
  const wide = sheet.looks.length <= 4 ? 460 : sheet.looks.length <= 9 ? 330 : 228;
  dialog.style.setProperty('--cell', Math.round(wide * Math.min(1, Math.max(.6, sheet.shape))) + 'px');
  $('h2').textContent = sheet.subject || say('untitled');
  $('.shared').textContent = pick(sheet.facts);
  sheet.looks.forEach((look, place) => {
    if (!nodes.has(look.take)) nodes.set(look.take, frame());
    const li = nodes.get(look.take);
    if (grid.children[place] !== li) grid.insertBefore(li, grid.children[place] || null);
    paintLook(look);
  });
  const n = sheet.looks.filter(look => look.clip).length, of = sheet.looks.length;
  const words = say('sheet_ready', { n, of });
  if ($('.ready span').textContent !== words) $('.ready span').textContent = $('.aloud').textContent = words;
  $('.ready b').style.transform = 'scaleX(' + n / of + ')';
  paintTools();
}
function send(name, detail) { document.dispatchEvent(new CustomEvent(name, { detail })); }
async function save(what) {
  saving = true; paintTools();
  toast(say('working'));
  const told = await server.save({ what, group: sheet.group, takes: [...chosen], language });
  saving = false;
  if (sheet) paintTools();
  if (!told) return toast(say('offline'), { bad: true });
  if (told.problem) return complain(told.problem);
  toast(say('exported', { name: told.name }), { action: say('open'), href: address(told.file) });
  if (told.undrawable) toast(say('undrawable', { letters: told.undrawable }), { advice: say('undrawable_advice'), bad: true });
}
function act(name) {
  const group = { name, group: sheet.group };
  if (name === 'refine') { group.clips = picked().filter(refinable).map(look => look.clip); chosen.clear(); paint(); }
  send('rushes-act', group);
}

document.addEventListener('rushes-sheet', event => {
  if (event.detail && (!sheet || sheet.group !== event.detail.group)) chosen.clear();
  sheet = event.detail || sheet;
  if (!event.detail) return dialog.close();
  paint();
  if (!dialog.open) { dialog.showModal(); grid.scrollTop = 0; }
});
// The desk must know at once, before a late answer or a reload opens it again. Escape cancels; the back gesture only closes.
const shut = () => { send('rushes-open-sheet', null); dialog.close(); };
for (const name of ['cancel', 'close']) dialog.addEventListener(name, () => send('rushes-open-sheet', null));
dialog.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (event.target === dialog || button?.matches('.shut')) return shut();
  if (button?.dataset.act) return act(button.dataset.act);
  if (button?.dataset.save) return save(button.dataset.save);
  if (button?.matches('.frame')) { const id = Number(button.parentElement.dataset.id); shut(); send('rushes-look', id); }
});
grid.addEventListener('change', event => {
  const take = Number(event.target.closest('li').dataset.take);
  if (event.target.checked) chosen.add(take); else chosen.delete(take);
  paintTools();
});
grid.addEventListener('keydown', event => {
  const row = getComputedStyle(grid).gridTemplateColumns.split(' ').length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row }[event.key], li = event.target.closest('li');
  if (!step || !li) return;
  const next = grid.children[[...grid.children].indexOf(li) + step];
  if (next) { event.preventDefault(); next.querySelector(event.target.matches('input') ? 'input' : '.frame').focus(); }
});
// The desk may have been told of an open sheet before this part of the page was there.
send('rushes-sheet-asked');

// One preset in full: what it says in words, and its file to write in, with what is wrong beside the line.
const dialog = $('dialog'), area = $('textarea'), LINE = 20;
let open = null, checking = 0, turn = 0;

function says(list) {
  $('dl').replaceChildren(...list.flatMap(each => [
    make('dt', '', pick(each.name) || say('says_' + each.key.replaceAll('.', '_'))), make('dd', '', pick(each.value)),
  ]));
}
function paint(told) {
  open = told;
  $('h2').textContent = pick(told.name);
  $('.aim').textContent = pick(told.about);
  $('.whose').textContent = told.own ? say('preset_own') : say('preset_bundled');
  const image = $('.cover img');
  image.hidden = !told.picture;
  if (told.picture) image.src = address(told.picture) + '?' + told.drawn;
  $('.cover').style.setProperty('--picture', told.picture ? 'url("' + image.src + '")' : 'none');
  $('[data-do=remove]').hidden = !told.own;
  $('[data-do=remove]').textContent = say('preset_remove');
  says(told.says);
  $('.lacks').textContent = told.missing.length ? say('preset_missing', { names: told.missing.join(', ') }) : '';
  $('.tagline').textContent = [told.id, told.author, told.license, ...told.tags].filter(Boolean).join(' · ');
  calm();
}
async function show(id) {
  const told = await ask(server.detail, { id });
  if (!told || told.problem) return;
  paint(told); write(false);
  if (!dialog.open) dialog.showModal();
  $('.about').scrollTop = 0;
}

// -- writing

function write(on) {
  dialog.dataset.writing = String(on);
  $('.writing').hidden = $('.editing').hidden = !on;
  $('.reading').hidden = on;
  $('.cover img').hidden = on || !open.picture;
  if (!on) return;
  area.value = open.text;
  open.text = area.value;                            // as a text area ends its lines, so that the two can be compared
  faults([]); number();
  area.focus(); area.setSelectionRange(0, 0);
  $('.page').scrollTop = 0;
}
function number() {
  const lines = area.value.split('\n').length, wrong = new Set([...element.querySelectorAll('.faults li')].map(li => Number(li.dataset.line)));
  area.style.height = lines * LINE + 24 + 'px';
  $('.gutter').replaceChildren(...Array.from({ length: lines }, (_, at) => make('span', wrong.has(at + 1) ? 'bad' : '', String(at + 1))));
}
function faults(found) {
  let free = 0;
  $('.faults').replaceChildren(...found.map(each => {
    const li = make('li');
    li.dataset.line = each.line;
    li.append(make('span', 'line', say('preset_line', { n: each.line })), make('span', 'key', each.key), make('b', '', pick(each.message)), make('span', '', pick(each.advice)));
    return li;
  }));
  // Each beside its line; below the one before it, where they would cover each other.
  for (const li of $('.faults').children) {
    const top = Math.max(free, 12 + (li.dataset.line - 1) * LINE);
    li.style.top = top + 'px';
    free = top + li.offsetHeight + 6;
  }
  const wrong = found.length, same = area.value === open.text;
  $('[data-do=write]').disabled = Boolean(wrong) || same;
  $('.state').textContent = wrong ? (wrong === 1 ? say('preset_fault') : say('preset_faults', { n: wrong })) : say(same ? 'preset_same' : 'preset_right');
  $('.state').dataset.bad = String(Boolean(wrong));
  number();
}
async function check() {
  const asked = ++turn, told = await ask(server.check, { text: area.value });
  if (asked === turn && told && told.faults) faults(told.faults);
}
area.addEventListener('input', () => {
  number();
  $('[data-do=write]').disabled = true;              // until it is known to be right
  clearTimeout(checking); checking = setTimeout(check, 200);
});
area.addEventListener('keydown', event => {
  // In YAML the Tab key would be wrong; two spaces are what people mean. Escape, then Tab, leaves the text.
  if (event.key === 'Tab' && !event.shiftKey && area.dataset.leaving !== 'true') { event.preventDefault(); area.setRangeText('  ', area.selectionStart, area.selectionEnd, 'end'); area.dispatchEvent(new Event('input')); }
  area.dataset.leaving = String(event.key === 'Escape');
  if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); }
  if ((event.ctrlKey || event.metaKey) && (event.key === 's' || event.key === 'Enter')) { event.preventDefault(); event.stopPropagation(); if (!$('[data-do=write]').disabled) actions.write(); }
});

// -- pressing

async function change(name, asked = {}) {
  const told = await ask(server.change, { name, id: open.id, ...asked });
  if (!told || told.problem) return null;
  if ('id' in told) tell('preset-changed');
  return told;
}
// What cannot be undone is asked about first, at the foot of the dialog.
let sure = null;
function doubt(words, yes, run) {
  sure = run;
  $('.question p').textContent = words;
  $('[data-do=sure]').textContent = yes;
  $('.question').hidden = false;
  $('[data-do=keep]').focus();
}
function calm() { sure = null; $('.question').hidden = true; }
const unsaved = () => dialog.dataset.writing === 'true' && area.value !== open.text;
const close = () => unsaved() ? doubt(say('preset_leave_sure'), say('preset_leave'), () => dialog.close()) : dialog.close();
const actions = {
  use() { dialog.close(); tell('preset-use', open.id); },
  edit: () => write(true),
  leave: () => unsaved() ? doubt(say('preset_leave_sure'), say('preset_leave'), () => write(false)) : write(false),
  async duplicate() { const told = await change('duplicate'); if (told) { await show(told.id); toast(say('preset_doubled')); } },
  async export() { const told = await change('export'); if (told) toast(say('exported', { name: told.name }), { action: say('save'), href: address(told.file), save: told.name }); },
  async write() { const told = await change('write', { text: area.value }); if (told) { toast(say('preset_kept')); show(told.id); } },
  remove: () => doubt(say('preset_remove_sure', { name: pick(open.name) }), say('preset_remove'), async () => {
    const told = await change('remove');
    if (!told) return;
    toast(say(told.id ? 'preset_back' : 'preset_removed'));
    if (told.id) show(told.id); else dialog.close();
  }),
  keep: calm,
  sure() { const run = sure; calm(); run(); },
};
element.addEventListener('click', event => {
  const button = event.target.closest('[data-do]');
  if (button) actions[button.dataset.do]();
  else if (event.target.closest('.shut') || event.target === dialog) close();
});
$('.as-button input').addEventListener('change', async event => {
  const file = event.target.files[0];
  event.target.value = '';
  if (!file) return;
  try {
    const { path } = await upload(file), told = await change('picture', { path });
    if (told) show(told.id);
  } catch { toast(say('upload_failed'), { bad: true }); }
});
// By the key, wherever the focus is: 'cancel' can be prevented only once until the next press. It is left for going back by hand.
document.addEventListener('keydown', event => {
  if (event.key !== 'Escape' || !dialog.open) return;
  event.preventDefault();
  if ($('.question').hidden) close(); else calm();
});
dialog.addEventListener('cancel', event => { event.preventDefault(); close(); });
hear('preset', show);

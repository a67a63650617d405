// One clip in full: it plays, says how it was made and from what, and what can be done with it.
const dialog = $('dialog'), video = $('video'), fidelity = $('.fidelity input');
let open = null, wanted = null, family = [];    // wanted: the id that was asked for last

function facts(told) {
  const clip = told.clip;
  const list = [
    ['fact_kind', say('kind_' + clip.kind)],
    ['fact_size', clip.width + ' × ' + clip.height],
    ['fact_length', lasts(clip)],
    ['fact_model', clip.model], ['fact_seed', String(clip.seed)], ['fact_steps', String(clip.steps)],
    ['fact_guidance', clip.guidance],
    ['fact_presets', told.presets.map(pick).join(', ')],
    ['fact_made', new Date(clip.created).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', { dateStyle: 'medium', timeStyle: 'short' })],
    ['fact_took', clip.took ? duration(clip.took) : ''], ['fact_file', clip.file],
  ];
  $('dl').replaceChildren(...list.filter(([, value]) => value).flatMap(([key, value]) => [make('dt', '', say(key)), make('dd', '', value)]));
}
// The clips it is compared with from here: its preview, or else the newest that came of it.
function rival() {
  const preview = family.find(clip => clip.id === open.parent);
  return preview || family.filter(clip => clip.parent === open.id).pop();
}
function paintFamily() {
  $('.lineage').hidden = family.length < 2;
  $('.lineage ol').replaceChildren(...family.map((clip, place) => {
    const li = make('li'), button = make('button', clip.id === open.parent ? 'kin parent' : 'kin'), image = make('img');
    button.type = 'button'; button.dataset.id = clip.id;
    image.alt = ''; image.src = address(clip.poster);
    image.addEventListener('error', () => { image.hidden = true; });
    button.append(image, make('span', 'kind', say('kind_' + clip.kind)));
    button.setAttribute('aria-current', String(clip.id === open.id));
    if (clip.id === open.parent) button.title = say('parent');
    li.dataset.kind = clip.kind; li.dataset.trashed = String(clip.trashed);
    li.dataset.after = String(place > 0 && clip.parent === family[place - 1].id);
    li.append(button);
    return li;
  }));
  const other = rival(), button = $('[data-act=compare]');
  button.hidden = !other;
  if (other) button.textContent = other.id === open.parent ? say('compare_preview') : say('compare_refined');
}
function paint(told) {
  const clip = open = told.clip, source = address(clip.file);
  family = told.family;
  $('h2').textContent = clip.name || say('untitled');
  $('h2').title = clip.name;
  if (video.getAttribute('src') !== source) {
    $('.unplayable').hidden = true; video.hidden = false;
    video.poster = address(clip.poster); video.loop = video.controls = clip.frames > 1; video.src = source; video.play().catch(() => {});
  }
  shine($('.stars'), clip.stars);
  tagRow($('.tagrow'), clip.tags.map(tag => [tag]), { remove: tag => mark('tag', { remove: [tag] }), show: tag => { dialog.close(); tell('tag', tag); } });
  $('.refining').hidden = clip.kind !== 'preview' || clip.trashed;
  for (const name of ['trash', 'gif']) $('[data-act=' + name + ']').hidden = clip.trashed;
  for (const name of ['restore', 'erase']) $('[data-act=' + name + ']').hidden = !clip.trashed;
  $('[data-act=folder]').hidden = !told.folder;
  $('.trimming').hidden = clip.trashed || clip.frames < 2;
  $('.save').href = source; $('.save').download = clip.save_as;
  $('.from').max = $('.to').max = clip.seconds.toFixed(2);
  $('.avoid').textContent = clip.negative;
  $('pre').textContent = told.recipe;
  $('.read').replaceChildren(...told.parts.map(each => { const node = make('span', 'part', each.text); node.dataset.origin = each.origin; return node; }));
  facts(told); paintFamily();
}
async function show(id) {
  wanted = id;
  const told = await ask(server.detail, { id });
  if (!told || told.problem || wanted !== id) return;
  const turned = !open || open.id !== id;
  paint(told);
  if (!dialog.open) { dialog.showModal(); $('.shut').focus(); }
  if (turned) { $('.about').scrollTop = 0; $('.from').value = 0; $('.to').value = $('.to').max; }
}
async function mark(name, asked) {
  const { id } = open, told = await ask(server.mark, { name, ids: [id], ...asked });
  tell('marked');
  if (dialog.open && wanted === id) show(id);
  return Boolean(told && told.done && told.done.length);
}
const give = stars => mark('star', { stars });
const act = (name, asked) => ask(server.act, { name, id: open.id, ...asked });
function reuse(what, sentence) {
  tell('reuse', { clip: open.id, what });
  dialog.close();
  toast(sentence);
}
function exported(told) {
  if (told && told.file) toast(say('exported', { name: told.name }), { action: say('open'), href: address(told.file) });
}
// The shelf does it, and offers to undo it.
function hand(name) { dialog.close(); tell('throw', { name, id: open.id }); }
const actions = {
  star() { /* the row of stars has its own handlers */ },
  reuse: () => reuse('all', say('recipe_used')),
  look: () => reuse('look', say('look_used')),
  seed: () => reuse('seed', say('seed_used')),
  frame: () => reuse('frame', say('frame_used')),
  async refine() {
    const told = await act('refine', { fidelity: Number(fidelity.value) });
    if (told && told.job) { dialog.close(); toast(say('refining')); tell('look', told.job); }
  },
  async gif() { toast(say('working')); exported(await act('gif')); },
  copy: () => copy($('pre').textContent),
  path: () => copy(open.file),
  folder: () => act('folder'),
  compare() {
    const other = rival();
    video.pause();
    tell('compare', other.id === open.parent ? { a: other.id, b: open.id } : { a: open.id, b: other.id });
  },
  trash: () => hand('trash'),
  restore: () => hand('restore'),
  erase: () => hand('erase'),
};
const step = by => tell('step', { id: wanted, by });
starRow($('.stars'), give);
$('.stars').firstChild.classList.add('star');
$('.stars').firstChild.dataset.act = 'star';
onNewTags($('.newtag'), add => mark('tag', { add }));
element.addEventListener('click', event => {
  const button = event.target.closest('[data-act]'), kin = event.target.closest('.kin'), walk = event.target.closest('.walk');
  if (button) actions[button.dataset.act]();
  else if (kin) show(kin.dataset.id);
  else if (walk) step(Number(walk.dataset.step));
  else if (event.target.closest('.shut') || event.target === dialog) dialog.close();
});
dialog.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input:not([type=range]), video, pre')) return;
  const arrow = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (arrow && !event.target.matches('input')) step(arrow);
  else if (event.key === 's') give(open.stars ? 0 : 1);
  else if (/^[0-5]$/.test(event.key)) give(Number(event.key));
  else if (event.key === 'Delete') hand(open.trashed ? 'erase' : 'trash');
  else return;
  event.preventDefault();
});
$('.trim').addEventListener('submit', async event => {
  event.preventDefault();
  toast(say('working'));
  exported(await act('trim', { from: Number($('.from').value), to: Number($('.to').value) }));
});
window.rushes.fidelity($('.fidelity'));
video.addEventListener('error', () => { if (video.getAttribute('src')) { video.hidden = true; $('.unplayable').hidden = false; } });
dialog.addEventListener('close', () => { video.pause(); video.removeAttribute('src'); video.load(); });
hear('clip', show);

// The Presets page: every look as a card; new ones out of the form, and from files dropped anywhere on the page.
const wall = $('.wall'), making = $('.making'), arriving = $('.arriving');
const texts = new Map();          // preset id → what a search looks through
let all = [], use = '', whose = '', turn = 0, clip = null, paths = [];

function card(entry) {
  const li = make('li'), open = make('button', 'look'), name = make('span', 'name', pick(entry.name)), take = make('button', 'usenow', say('preset_use_short'));
  open.type = take.type = 'button'; li.dataset.id = entry.id; li.dataset.own = String(entry.own);
  if (entry.picture) {
    const image = make('img');
    image.alt = ''; image.loading = 'lazy'; image.decoding = 'async'; image.src = address(entry.picture) + '?' + entry.drawn;
    open.append(image);
  }
  if (entry.own) open.append(make('span', 'mine', say('preset_own')));
  open.append(name, make('span', 'about', pick(entry.about)));
  take.setAttribute('aria-label', say('preset_use') + ': ' + pick(entry.name));
  li.append(open, take);
  return li;
}
function paint() {
  const words = $('.search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter(each => (!use || each.tags.includes(use)) && (!whose || each.own) && words.every(word => texts.get(each.id).includes(word)));
  wall.replaceChildren(...found.map(card));
  $('.total').textContent = say('presets_found', { n: found.length });
  $('.none').hidden = found.length > 0;
  const bare = whose && !all.some(each => each.own);
  $('.none b').textContent = say(bare ? 'presets_own_none' : 'presets_found_none');
  $('.none p').textContent = bare ? say('presets_own_hint') : '';
  element.querySelectorAll('.uses button').forEach(each => each.setAttribute('aria-pressed', String(each.dataset.use === use)));
  element.querySelectorAll('[data-whose]').forEach(each => each.setAttribute('aria-pressed', String(each.dataset.whose === whose)));
  $('.pack').hidden = !all.some(each => each.own);
}
async function browse() {
  const asked = ++turn, told = await ask(server.browse);
  if (asked !== turn || !told || told.problem) return;
  // The person's own stand first.
  all = [...told.presets].sort((a, b) => b.own - a.own);
  all.forEach(each => texts.set(each.id, [each.name, each.about].flatMap(two => two ? [two.en, two.zh] : []).concat(each.tags, each.id).join(' ').toLowerCase()));
  const uses = ['advertising', 'film', 'social', 'product', 'education', 'poster-in-motion'].filter(each => all.some(entry => entry.tags.includes(each)));
  $('.uses').replaceChildren(...['', ...uses].map(each => {
    const button = make('button', 'tab', say(each ? 'use_' + each.replaceAll('-', '_') : 'use_any'));
    button.type = 'button'; button.dataset.use = each;
    return button;
  }));
  $('.wrongs').hidden = !told.wrong.length;
  $('.wrongs').replaceChildren(...told.wrong.map(each => { const li = make('li'); li.append(make('b', '', pick(each.message)), ' ' + pick(each.advice)); return li; }));
  paint();
}
const changed = () => { browse(); tell('presets'); };
function useIt(id) { tell('use-preset', id); trigger('use', {}); toast(say('preset_used')); }

// -- out of the form

function begin() {
  // What the form would say now; the cards and presets of it are what a preset is made of. It may say nothing of
  // them, as where the picture decides or only the sampling is another.
  const { outlook, stage, looks } = window.rushes, look = (outlook?.parts || []).filter(each => each.origin === 'card' || each.origin === 'preset');
  clip = stage;
  if (!looks?.presets?.length && !Object.keys(looks?.look || {}).length) return toast(say('preset_no_look'), { bad: true, advice: say('preset_no_look_advice') });
  $('.from').hidden = !look.length;
  $('.from').replaceChildren(...look.map(each => { const node = make('span', 'part', each.text); node.dataset.origin = each.origin; return node; }));
  $('.with').hidden = !clip;
  if (clip) $('.with img').src = address(clip.poster);
  $('.making input[type=text]').value = '';
  making.returnValue = '';
  making.showModal();
}
making.addEventListener('close', () => {
  if (making.returnValue === 'yes') trigger('make', { name: $('.making input[type=text]').value.trim(), clip: clip && $('.with input').checked ? clip.id : null });
});
$('.making .no').addEventListener('click', () => making.close());
watch('value', () => {
  const told = props.value || {};
  if (told.problem) return complain(told.problem);
  if (!told.made) return;
  whose = 'own'; use = ''; $('.search').value = '';
  toast(say('preset_kept'));
  changed();
});

// -- from elsewhere

const WAYS = ['keep-both', 'replace', 'skip'];
function crate(one) {
  const li = make('li'), head = make('div', 'cratehead'), words = make('p', 'says');
  li.dataset.id = one.id;
  head.append(make('b', '', pick(one.name)), make('span', 'source', one.source), make('span', 'standing', say('standing_' + one.standing)));
  words.textContent = one.says.map(each => pick(each.value)).join(' · ');
  li.append(head, words);
  if (one.missing.length) li.append(make('p', 'lacks', say('preset_missing', { names: one.missing.join(', ') })));
  if (one.taken) {
    const select = make('select');
    select.setAttribute('aria-label', say('arriving_choose'));
    select.append(...WAYS.map(way => new Option(say('way_' + way.replace('-', '_')), way)));
    head.append(select);
  }
  return li;
}
async function bring(files) {
  const wanted = [...files].filter(file => /\.(ya?ml|zip|mp4)$/i.test(file.name));
  if (!wanted.length) return toast(say('arriving_no_file'), { bad: true });
  element.classList.add('busy');
  try {
    paths = (await Promise.all(wanted.map(file => upload(file)))).map(each => each.path);
    const told = await ask(server.inspect, { paths });
    if (told && !told.problem) show(told);
  } catch { toast(say('arriving_failed'), { bad: true }); }
  element.classList.remove('busy');
}
function show(told) {
  $('.crates').replaceChildren(...told.found.map(crate), ...told.wrong.map(each => {
    const li = make('li', 'bad');
    li.append(make('b', '', pick(each.message)), make('p', 'says', pick(each.advice)));
    return li;
  }));
  $('.arriving .yes').hidden = !told.found.some(one => one.standing !== 'same');
  arriving.showModal();
}
async function land(keeping) {
  const choices = Object.fromEntries([...arriving.querySelectorAll('li[data-id]')].map(li => [li.dataset.id, keeping ? li.querySelector('select')?.value : 'skip']));
  arriving.close();
  const told = await ask(server.take_in, { paths, choices });
  paths = [];
  if (keeping && told && told.ids) { toast(say('arriving_kept', { n: told.ids.length })); changed(); }
}
$('.arriving .yes').addEventListener('click', () => land(true));
$('.arriving .no').addEventListener('click', () => land(false));
arriving.addEventListener('cancel', () => land(false));
$('.bring input').addEventListener('change', event => { bring(event.target.files); event.target.value = ''; });
const seen = () => element.offsetParent && !document.querySelector('dialog[open]');
document.addEventListener('dragover', event => { if (seen() && event.dataTransfer.types.includes('Files')) { event.preventDefault(); element.classList.add('over'); } });
document.addEventListener('dragleave', event => { if (!event.relatedTarget) element.classList.remove('over'); });
document.addEventListener('drop', event => { element.classList.remove('over'); if (seen() && event.dataTransfer.files.length) { event.preventDefault(); bring(event.dataTransfer.files); } });

// -- pressing

element.addEventListener('click', event => {
  const li = event.target.closest('.wall li'), tab = event.target.closest('[data-use]'), side = event.target.closest('[data-whose]');
  if (li) { if (event.target.closest('.usenow')) useIt(li.dataset.id); else tell('preset', li.dataset.id); }
  if (tab) { use = tab.dataset.use; paint(); }
  if (side) { whose = side.dataset.whose; paint(); }
});
$('.search').addEventListener('input', paint);
$('.new').addEventListener('click', begin);
$('.pack').addEventListener('click', async () => {
  const told = await ask(server.change, { name: 'export_own' });
  if (told && told.file) toast(say('exported', { name: told.name }), { action: say('save'), href: address(told.file), save: told.name });
});
hear('preset-changed', changed);
hear('preset-use', useIt);
new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) browse(); }).observe($('.tools'));

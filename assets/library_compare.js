// Two clips side by side or under a wipe, at the same moment, and a table of what differs.
const DRIFT = .06, STILL = .2;    // seconds: how far apart they may run, and what is too short to play
const dialog = $('dialog'), stage = $('.ab'), scrub = $('.pace input'), slider = $('.divide');
const films = [$('.a video'), $('.b video')];
const LABELS = {
  kind: say('fact_kind'), prompt: say('full_prompt'), negative: say('negative'), presets: say('fact_presets'), picture: say('picture'),
  last_picture: say('last_picture'), model: say('fact_model'), size: say('fact_size'), length: say('fact_length'), seed: say('fact_seed'),
  steps: say('fact_steps'), guidance: say('fact_guidance'), shift: say('fact_shift'), boundary: say('fact_boundary'), loras: say('fact_loras'),
  fidelity: say('fidelity'), start: say('fact_start'),
};
let pair = null, playing = false, drawing = 0;

const length = film => film.duration || 0;
const lead = () => length(films[1]) > length(films[0]) ? films[1] : films[0];
const other = () => films.find(film => film !== lead());
const still = () => length(lead()) < STILL;

function play(on) {
  playing = on && !still();
  stage.parentElement.classList.toggle('paused', !playing);
  for (const film of films) {
    if (playing && !film.ended && length(film)) film.play().catch(() => {}); else film.pause();
  }
}
function seek(seconds) {
  for (const film of films) if (length(film)) film.currentTime = Math.min(seconds, length(film) - .001);
}
// The longer one leads; the other is set right only when it has drifted, since each jump costs a frame.
function keepTime() {
  drawing = requestAnimationFrame(keepTime);
  const first = lead(), second = other();
  if (playing && length(second) && !second.seeking && !first.seeking) {
    const due = Math.min(first.currentTime, length(second) - .001);
    if (Math.abs(second.currentTime - due) > DRIFT) second.currentTime = due;
  }
  if (length(first)) {
    scrub.value = 1000 * first.currentTime / length(first);
    $('.time').textContent = first.currentTime.toFixed(1) + ' / ' + length(first).toFixed(1) + ' s';
  }
}
films.forEach(film => {
  film.addEventListener('ended', () => { if (film === lead() && playing) { seek(0); play(true); } });
  film.addEventListener('loadedmetadata', () => { if (films.every(each => length(each) || each.hidden)) { seek(0); play(true); } });
  film.addEventListener('error', () => {
    if (!film.getAttribute('src')) return;
    film.hidden = true; film.nextElementSibling.hidden = false;
  });
});

function wipe(percent) {
  const at = Math.max(0, Math.min(100, percent));
  stage.style.setProperty('--cut', at + '%');
  slider.setAttribute('aria-valuenow', Math.round(at));
}
function mode(name) {
  stage.dataset.mode = name;
  dialog.querySelectorAll('[data-mode]').forEach(each => { if (each !== stage) each.setAttribute('aria-pressed', String(each.dataset.mode === name)); });
}
function cell(row, side) {
  const value = row[side], node = make('td');
  if (row.what === 'kind') node.textContent = say('kind_' + value);
  else if (typeof value === 'string') node.textContent = value || '—';
  else if ('words' in value) node.append(...value.words.map(([words, lacks]) => make(lacks ? 'mark' : 'span', '', words)));
  else if ('frames' in value) node.textContent = lasts(value);
  else if (value.picture) { const image = make('img'); image.alt = say('picture'); image.src = address(value.picture); node.append(image); }
  else node.textContent = pick(value) || '—';
  return node;
}
function table(rows) {
  $('tbody').replaceChildren(...rows.map(row => {
    const line = make('tr'), head = make('th', '', row.name ? pick(row.name) : LABELS[row.what]);
    head.scope = 'row';
    line.append(head, cell(row, 'a'), cell(row, 'b'));
    return line;
  }));
  $('table').hidden = rows.length === 0;
  $('.rest').textContent = say(rows.length ? 'differs_rest' : 'differs_nothing');
}
function load(told) {
  pair = told;
  [told.a, told.b].forEach((clip, place) => {
    const film = films[place];
    film.hidden = false; film.nextElementSibling.hidden = true;
    film.poster = address(clip.poster); film.src = address(clip.file);
    film.parentElement.style.setProperty('--shape', clip.width / clip.height);
    film.parentElement.querySelector('figcaption span').textContent = [say('kind_' + clip.kind), clip.width + '×' + clip.height, say('seed_line', clip)].join('  ·  ');
    film.setAttribute('aria-label', 'AB'[place] + ', ' + (clip.name || say('untitled')));
  });
  stage.style.setProperty('--shape', told.a.width / told.a.height);
  table(told.differs);
}
async function compare({ a, b }) {
  const told = await ask(server.compare, { a, b });
  if (!told || told.problem) return;
  const shapes = [told.a, told.b].map(clip => clip.width / clip.height);
  // A wipe only means something where both pictures have the same shape.
  mode(Math.abs(shapes[0] / shapes[1] - 1) < .05 ? 'wipe' : 'sides');
  wipe(50);
  load(told);
  if (!dialog.open) dialog.showModal();
  slider.focus({ preventScroll: true });
  cancelAnimationFrame(drawing); keepTime();
}
const turnRound = rows => rows.map(row => ({ ...row, a: row.b, b: row.a }));
$('.swap').addEventListener('click', () => load({ a: pair.b, b: pair.a, differs: turnRound(pair.differs) }));
dialog.querySelectorAll('.modes button').forEach(button => button.addEventListener('click', () => mode(button.dataset.mode)));
const drag = event => {
  const box = stage.getBoundingClientRect();
  wipe(100 * (event.clientX - box.left) / box.width);
};
stage.addEventListener('pointerdown', event => { if (stage.dataset.mode === 'wipe') { stage.setPointerCapture(event.pointerId); drag(event); } });
stage.addEventListener('pointermove', event => { if (stage.hasPointerCapture(event.pointerId)) drag(event); });
slider.addEventListener('keydown', event => {
  const now = Number(slider.getAttribute('aria-valuenow')), to = { ArrowLeft: now - 2, ArrowRight: now + 2, Home: 0, End: 100 }[event.key];
  if (to !== undefined) { wipe(to); event.preventDefault(); }
});
$('.beat').addEventListener('click', () => play(!playing));
scrub.addEventListener('input', () => { play(false); seek(length(lead()) * scrub.value / 1000); });
dialog.addEventListener('keydown', event => { if (event.key === ' ' && !event.target.closest('button')) { play(!playing); event.preventDefault(); } });
dialog.addEventListener('click', event => { if (event.target.closest('.shut') || event.target === dialog) dialog.close(); });
dialog.addEventListener('close', () => {
  cancelAnimationFrame(drawing);
  play(false);
  films.forEach(film => { film.removeAttribute('src'); film.load(); });
});
hear('compare', compare);

// A reference picture, the first or the last: dropped, pasted or chosen; the crop that will be used is
// drawn on it. The box of the last one is there where the model takes one, or while it holds one.
// value: {} or {sha256, across, down, width, height, file}, or {problem} where the picture of a recipe
// is gone. The crop's size comes from the studio.
const { say, translate, address, complain } = window.rushes;
translate(element);
const $ = selector => element.querySelector(selector);
const root = element.closest('#picture, #last_picture'), last = root.id === 'last_picture';
const box = $('.picture'), crop = $('.crop'), photo = $('.photo'), input = $('input');
let ends = false;  // the model takes a last picture
let used = null;   // [left, top, right, bottom] in pixels of the picture

function paint() {
  let value = props.value || {};
  if (value.problem) { complain(value.problem); value = props.value = {}; }
  root.toggleAttribute('data-on', !last || ends || Boolean(value.sha256));
  box.dataset.state = value.sha256 ? 'shown' : 'empty';
  if (!value.sha256) { used = null; return; }
  const source = address(value.file), image = $('img');
  if (image.getAttribute('src') !== source) image.src = source;
  photo.style.aspectRatio = value.width + ' / ' + value.height;
  photo.style.width = 'min(100%, ' + Math.round(118 * value.width / value.height) + 'px)';
  const [left, top, right, bottom] = used || [0, 0, value.width, value.height];
  crop.style.left = 100 * left / value.width + '%';
  crop.style.top = 100 * top / value.height + '%';
  crop.style.width = 100 * (right - left) / value.width + '%';
  crop.style.height = 100 * (bottom - top) / value.height + '%';
  const movable = right - left < value.width || bottom - top < value.height;
  crop.setAttribute('aria-valuenow', Math.round(100 * (right - left < value.width ? value.across : value.down)));
  crop.setAttribute('aria-disabled', String(!movable));
  $('.hint').textContent = say(movable ? 'picture_crop' : 'picture_whole');
}
async function take(file) {
  if (!file) return;
  if (!file.type.startsWith('image/')) return window.rushes.toast(say('not_picture'), { bad: true });
  box.classList.add('busy');
  try {
    const { path } = await upload(file);
    const kept = await server.keep({ path });
    if (kept.problem) { complain(kept.problem); props.value = {}; }
    else { used = null; props.value = kept; }
  } catch { window.rushes.toast(say('upload_failed'), { bad: true }); }
  box.classList.remove('busy');
  input.value = '';
  paint();
}
// Moves the crop to (left, top) in pixels of the picture, as far as there is room.
function move(left, top) {
  const value = props.value, width = used[2] - used[0], height = used[3] - used[1];
  const x = Math.min(Math.max(0, left), value.width - width), y = Math.min(Math.max(0, top), value.height - height);
  used = [x, y, x + width, y + height];
  return { ...value,
    across: value.width > width ? x / (value.width - width) : .5,
    down: value.height > height ? y / (value.height - height) : .5 };
}
crop.addEventListener('pointerdown', event => {
  if (!used) return;
  const scale = props.value.width / photo.clientWidth, [x, y] = used, fromX = event.clientX, fromY = event.clientY;
  let moved = props.value;
  const drag = e => { moved = move(x + (e.clientX - fromX) * scale, y + (e.clientY - fromY) * scale); paint(); };
  const drop = () => { crop.removeEventListener('pointermove', drag); props.value = moved; };
  crop.setPointerCapture(event.pointerId);
  crop.addEventListener('pointermove', drag);
  crop.addEventListener('pointerup', drop, { once: true });
});
crop.addEventListener('keydown', event => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!step || !used) return;
  event.preventDefault();
  const unit = props.value.width / 40;
  props.value = move(used[0] + step[0] * unit, used[1] + step[1] * unit);
  paint();
});
input.addEventListener('change', () => take(input.files[0]));
$('.remove').addEventListener('click', () => { props.value = {}; paint(); });
element.addEventListener('dragover', event => { event.preventDefault(); box.classList.add('over'); });
element.addEventListener('dragleave', () => box.classList.remove('over'));
element.addEventListener('drop', event => { event.preventDefault(); box.classList.remove('over'); take(event.dataTransfer.files[0]); });
document.addEventListener('paste', event => {
  const file = [...event.clipboardData.files].find(each => each.type.startsWith('image/'));
  if (file && !last && element.offsetParent) take(file);
});
document.addEventListener('rushes-outlook', event => {
  const answer = event.detail;
  used = (last ? answer.last_crop : answer.crop) || null;
  ends = answer.takes_last_picture ?? ends;
  paint();
});
$('.invite').textContent = last ? say('last_picture_drop') : say('picture_drop');
input.setAttribute('aria-label', last ? say('last_picture') : say('picture'));
watch('value', paint);
paint();

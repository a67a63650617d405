"""What the studio itself says, in Chinese: its errors, its reasons, what became of jobs.

The English sentence is the key, so that one which an earlier run wrote down is told in the language
of whoever looks at it now. Knows sentences, not who says them. In a template {} is the place of a
value; in the Chinese {0}, {1} … are those values where their order is another one.
"""

import re
from functools import lru_cache
from string import Formatter
from types import MappingProxyType
from typing import NamedTuple

from studio.vocabulary import CATEGORIES

SENTENCES = MappingProxyType(
    {
        # The shot that is asked for
        "There is nothing to film yet.": "还没有可拍的内容。",
        "Describe the shot, or drop a reference picture.": "请描述镜头，或拖入一张参考图。",
        "A {} of {} characters is too long.": "{}有 {} 个字符，太长了。",
        "Use at most {}.": "最多 {} 个字符。",
        "A strength of {} is not allowed for {}.": "{1} 的强度不能为 {0}。",
        "Use a value from {} to {}.": "请使用 {} 到 {} 之间的值。",
        "{} starts from a picture.": "{} 需要一张起始画面。",
        "Drop a reference picture, or choose another model.": "请拖入参考图，或换一个模型。",
        "{} cannot start from a picture.": "{} 不能从图片开始。",
        "Remove the picture, or choose a model that takes one.": (
            "请移除参考图，或选择支持参考图的模型。"
        ),
        "{} cannot end on a picture.": "{} 不支持结束画面。",
        "Remove the last picture, or choose a model that takes one.": (
            "请移除结束画面，或选择支持结束画面的模型。"
        ),
        "A last picture needs a first one.": "有结束画面就需要起始画面。",
        "Drop the picture the shot starts from as well.": "请同时拖入镜头的起始画面。",
        "The shape is the picture's own, but there is no picture.": "画幅设为原图，但没有参考图。",
        "Drop a reference picture, or choose a shape.": "请拖入参考图，或选择一种画幅。",
        "A size needs both numbers.": "尺寸需要宽和高两个数。",
        "Give it as width and height.": "请同时给出宽度和高度。",
        "A {} of {} is not allowed by {}.": "{2} 的{0}不能为 {1}。",
        "Use a multiple of {}: {} or {}.": "请使用 {} 的倍数：{} 或 {}。",
        "This clip is {}×{}; twice that is more than {} can make.": (
            "这个片段为 {}×{}，放大一倍后超出了 {} 的上限。"
        ),
        "Refine a preview of one of the model's own sizes.": "请精修模型自带尺寸的预览。",
        "{} frames are not allowed.": "不能使用 {} 帧。",
        "Use {}·n+1 frames: {} or {}.": "帧数应为 {}·n+1：{} 或 {}。",
        "{} {} is not allowed.": "{}不能为 {}。",
        "Fidelity {} is not allowed.": "接近程度不能为 {}。",
        "Use a value from 0 to 1.": "请使用 0 到 1 之间的值。",
        "prompt": "提示词",
        "negative prompt": "负面提示词",
        "width": "宽度",
        "height": "高度",
        "steps": "步数",
        "seed": "种子",
        "Width": "宽度",
        "Height": "高度",
        "Frames": "帧数",
        "Steps": "步数",
        "Seed": "种子",
        "{} terms of {} are too many.": "{1}选了 {0} 项，太多了。",
        "Choose at most {}.": "最多选择 {} 项。",
        "The {} is {} tokens too long: the model reads {}.": (
            "{0}超出 {1} 个词元：模型最多读取 {2} 个。"
        ),
        "Shorten it; a token is about three quarters of an English word.": (
            "请缩短。一个词元约为四分之三个英文单词。"
        ),
        "{} has no shape “{}”.": "{} 没有“{}”画幅。",
        "There is no model “{}”.": "没有名为“{}”的模型。",
        "there is no model “{}”": "没有名为“{}”的模型",
        "There is no category “{}”.": "没有名为“{}”的类别。",
        "“{}” is not a {} term.": "“{}”不是{}中的选项。",
        "Use one of: {}.": "可选：{}。",
        "The recipe cannot be read: {}.": "无法读取配方：{}。",
        "Use a recipe written by this studio.": "请使用本程序写出的配方。",
        "The shot cannot be read: {}.": "无法读取镜头参数：{}。",
        "Use a shot written by this studio.": "请使用本程序写出的镜头参数。",
        "“{}” is no value for {}.": "“{}”不能用作{}。",
        "Give a whole number, or leave it empty.": "请填整数，或留空。",
        "{} takes are not allowed.": "不能拍 {} 条。",
        "Ask for 1 to {}.": "请选择 1 到 {} 条。",
        "Use 1 to {}.": "请选择 1 到 {}。",
        # Its pictures
        "The reference picture cannot be found.": "找不到参考图。",
        "Drop it again.": "请重新拖入。",
        "The crop cannot be read.": "无法读取裁剪范围。",
        "Drop the picture again.": "请重新拖入图片。",
        "The reference picture is no longer in the library.": "参考图已不在片库中。",
        "Put it back into {}.": "请把它放回 {}。",
        "There is no picture {}.": "没有图片 {}。",
        "The crop {} is not inside {}.": "裁剪范围 {} 超出了 {}。",
        "Choose the crop again.": "请重新选择裁剪范围。",
        "{} has more pixels than the studio can take.": "{} 的像素超出了程序的上限。",
        "{} is {}×{} pixels; that is more than the studio can take.": (
            "{} 为 {}×{} 像素，超出了程序的上限。"
        ),
        "Make it at most {} pixels a side.": "请缩小到每边不超过 {} 像素。",
        "{} is {}×{} pixels; there is nothing to film in it.": ("{} 只有 {}×{} 像素，拍不出内容。"),
        "Use a picture of at least {} pixels a side.": "请使用每边至少 {} 像素的图片。",
        "{} is not a picture the studio can read.": "无法读取图片 {}。",
        "Use a PNG, JPEG or WebP file.": "请使用 PNG、JPEG 或 WebP 文件。",
        "That file was not uploaded here.": "这个文件不是在此页上传的。",
        # Whether it fits this computer
        "{} fits: {}.": "{}可以运行：{}。",
        "{} fits: {}; in {} it would need {}.": "{0}可以运行：{1}；若用 {2}，{3}。",
        "{} needs {}.": "{}{}。",
        "{} at {}×{} in {}": "{}（{}×{}，{}）",
        "{} GB of graphics memory and {} GB are free": "需显存 {} GB，可用 {} GB",
        "{} GB of main memory and {} GB are free": "需内存 {} GB，可用 {} GB",
        "everything stays on the card": "全部留在显卡上",
        "its parts wait in main memory and take turns on the card": (
            "各部分在内存中等待，轮流进入显卡"
        ),
        "its parts are read from disk and take turns on the card": (
            "各部分从磁盘读取，轮流进入显卡"
        ),
        "it runs on the processor": "在处理器上运行",
        "{}, {} of {} blocks come anew in every step": "{0}，{2} 个模块中有 {1} 个每步重新载入",
        "{}, the film is decoded in tiles of {}×{}": "{}，解码时按 {}×{} 分块",
        "The computer ran out of memory before, so: {}": "此前内存不足，因此：{}",
        "Choose a smaller size, fewer frames, or a smaller model.": (
            "请选择更小的尺寸、更少的帧数或更小的模型。"
        ),
        "{} does not run on this computer.": "{} 无法在本机运行。",
        "Remove it, if you do not need it.": "不需要的话可以移除。",
        "This computer is not measured yet: nobody knows what must stay.": (
            "还没有检测本机，不知道哪些文件必须保留。"
        ),
        "Run: python -m studio doctor": "请运行：python -m studio doctor",
        "The attention “{}” is not used: {}.": "不使用注意力“{}”：{}。",
        "it makes noise of Wan2.2's pictures (diffusers issue 12783)": (
            "它会让 Wan2.2 的画面变成噪点（diffusers issue 12783）"
        ),
        "it fetches code from the internet when it is chosen": "选用它会从网上下载代码",
        "The attention “{}” was never tried with Wan2.2 here.": (
            "注意力“{}”在这里从未与 Wan2.2 一起试过。"
        ),
        "SageAttention cannot be used: {}.": "无法使用 SageAttention：{}。",
        "there is no graphics card that torch can use": "没有 torch 可用的显卡",
        "it is not known good on cards of compute capability {}": (
            "不确定它在计算能力为 {} 的显卡上是否正确"
        ),
        "SageAttention is not installed": "没有安装 SageAttention",
        "SageAttention {} is older than {}": "SageAttention {} 的版本低于 {}",
        "Take {} out of the environment.": "请移除环境变量 {}。",
        "Set {} to {} or {}, or take it out of the environment.": (
            "请把环境变量 {} 设为 {} 或 {}，或将其移除。"
        ),
        # While it is rendered
        "The computer ran out of memory while rendering.": "渲染时内存不足。",
        "The graphics card ran out of memory while rendering.": "渲染时显存不足。",
        "The graphics card stopped answering in the middle of its work.": (
            "显卡在渲染中途停止了响应。"
        ),
        "Run it again: it goes on from its last step. If it happens again, restart the computer.": (
            "请再运行一次，会从上一步继续。如果再次出现，请重启电脑。"
        ),
        "Close other programs, or choose a smaller size, fewer frames or a smaller model.": (
            "请关闭其他程序，或选择更小的尺寸、更少的帧数或更小的模型。"
        ),
        "The render process ended unexpectedly ({}).": "渲染进程意外结束（{}）。",
        "exit code {}": "退出代码 {}",
        "no exit code": "没有退出代码",
        "The render went wrong: {}: {}": "渲染出错：{}：{}",
        "Run it again; if that does not help, the end of {} says more.": (
            "请重新运行；若仍不行，{} 的末尾有更多说明。"
        ),
        "The job went wrong: {}: {}": "任务出错：{}：{}",
        "The check went wrong: {}: {}": "检查出错：{}：{}",
        "Delete the model and download it again.": "请删除该模型后重新下载。",
        "{} could not be read or written: {}.": "无法读取或写入 {}：{}。",
        "A file": "文件",
        "The page cannot show clips of {}.": "页面无法显示 {} 中的片段。",
        "Give that folder a drive letter, and use that.": "请为该文件夹分配盘符，并使用它。",
        "The disk of {} is not there.": "找不到 {} 所在的磁盘。",
        "Connect it, or choose another folder with --library.": (
            "请连接该磁盘，或用 --library 选择其他文件夹。"
        ),
        "Make sure that its disk is there, has room and may be written to, then try again.": (
            "请确认磁盘已连接、有剩余空间并且可以写入，然后重试。"
        ),
        "Run it again.": "请重新运行。",
        "{} is not on this computer.": "本机还没有 {}。",
        "Run: python -m studio models get {}": "请运行：python -m studio models get {}",
        "Get it on the Models page, or with: python -m studio models get {}": (
            "请在模型页下载，或运行：python -m studio models get {}"
        ),
        "The files of {} are not whole ({}).": "{} 的文件不完整（{}）。",
        "{} is missing": "缺少 {}",
        "{} cannot be read, {}": "无法读取 {}，{}",
        "The published experts of {} were released, and {}; kept here: {}.": (
            "{} 的原版专家已释放（{}），本机保留的有：{}。"
        ),
        "LoRAs are added to them": "LoRA 要加在原版专家上",
        "{} is made of them": "{} 由原版专家生成",
        "Bring them back: {}": "要取回请运行：{}",
        "This version of transformers reads the text encoder's words wrongly.": (
            "这个版本的 transformers 会读错文本编码器的词表。"
        ),
        "Start with launch.py once more: it installs the versions that belong together.": (
            "请重新用 launch.py 启动，它会安装相互匹配的版本。"
        ),
        "{} is not a TAEHV decoder for latents of {} channels: {}.": (
            "{} 不是 {} 通道潜变量的 TAEHV 解码器：{}。"
        ),
        "Put the right file there, or remove it.": "请换成正确的文件，或将其移除。",
        # LoRAs
        "A LoRA has nothing to do with this model.": "有一个 LoRA 与此模型无关。",
        "A LoRA does not fit this model at {}.": "有一个 LoRA 在 {} 处与此模型不匹配。",
        "The LoRA {} cannot be understood: {}.": "无法识别 LoRA {}：{}。",
        "Take it out, or use one that was made for this Wan2.2 model.": (
            "请移除它，或换用为这个 Wan2.2 模型制作的 LoRA。"
        ),
        "There is another {} already.": "已有另一个 {}。",
        "Rename the new one.": "请给新的改名。",
        "There is no LoRA “{}”.": "没有名为“{}”的 LoRA。",
        "Choose one of those listed.": "请从列表中选择。",
        "The LoRA {} is not on this computer, or is another version of it.": (
            "本机没有 LoRA {}，或版本不同。"
        ),
        "Get the file and run: python -m studio loras add {}": (
            "请获取该文件后运行：python -m studio loras add {}"
        ),
        "{} is not a safetensors file.": "{} 不是 safetensors 文件。",
        "Other formats can carry programs; get the LoRA as .safetensors.": (
            "其他格式可能夹带程序，请获取 .safetensors 格式的 LoRA。"
        ),
        "{} cannot be read: {}.": "无法读取 {}：{}。",
        "Get the file again.": "请重新获取该文件。",
        "{} is a DoRA, of which only a part would work.": "{} 是 DoRA，只有一部分会生效。",
        "Use a plain LoRA.": "请使用普通的 LoRA。",
        "{} holds no LoRA.": "{} 里没有 LoRA。",
        "Choose a LoRA that was made for Wan2.2.": "请选择为 Wan2.2 制作的 LoRA。",
        "LoRAs are added to the published experts of {}, and those were released.": (
            "LoRA 要加在 {} 的原版专家上，而它们已释放。"
        ),
        "Render without LoRAs, or run: {}": "请不用 LoRA 渲染，或运行：{}",
        # Refining, and what is kept of a preview
        "The latents of this preview are gone.": "这个预览的潜变量已不在。",
        "Refine it again: it will start from its frames.": "请重新精修，这次会从画面开始。",
        "The preview's latents for this size are not there.": "没有这个尺寸的预览潜变量。",
        "Refine it with a little more fidelity.": "请把接近程度调高一点再精修。",
        "The preview does not have {} frames.": "预览的帧数不是 {}。",
        "Refine a clip made here, untrimmed.": "请精修本程序制作、未剪短的片段。",
        "The preview of this clip is gone.": "这个片段的预览已不在。",
        "Restore it from the trash, or render it again.": "请从回收站恢复，或重新渲染。",
        "This clip is full size already.": "这个片段已是全尺寸。",
        "Refine a preview.": "请选择预览来精修。",
        "There is nothing to see of this take yet.": "这条还没有可看的画面。",
        "Let it go on.": "请让它继续。",
        # The queue and its takes
        "There is no job {}.": "没有任务 {}。",
        "Look at the list of jobs again.": "请重新查看任务列表。",
        "Job {} is {}.": "任务 {} {}。",
        "queued": "正在等待",
        "running": "正在渲染",
        "paused": "已暂停",
        "finished": "已完成",
        "failed": "已失败",
        "cancelled": "已取消",
        "interrupted": "已中断",
        "Only a paused, failed, cancelled or interrupted job can go on.": (
            "只有已暂停、失败、取消或中断的任务才能继续。"
        ),
        "Only what waits can be moved.": "只能移动等待中的任务。",
        "Job {} has not ended.": "任务 {} 还没有结束。",
        "Cancel it first.": "请先取消。",
        "The job list {} cannot be opened: {}.": "无法打开任务列表 {}：{}。",
        "Close what else is using it, or move it away; the clips are not in it.": (
            "请关闭正在使用它的程序，或把它移走；片段不在其中。"
        ),
        "The job list {} was written by a newer studio.": "任务列表 {} 由更新版本的程序写成。",
        "Start that one, or bring this one up to date.": "请启动那个版本，或更新本程序。",
        "Rushes is already at work on {}, in a window or at a terminal.": (
            "Rushes 已在某个窗口或终端中使用 {}。"
        ),
        "Wait for it, close it, or choose another folder with --library.": (
            "请等它结束，或将其关闭，或用 --library 选择另一个文件夹。"
        ),
        "No take was chosen.": "没有选择镜头。",
        "Choose one in the strip.": "请在胶片条中选择一条。",
        "That cannot be done with this take.": "这条不支持此操作。",
        "Choose another take.": "请选择另一条。",
        "That cannot be done with these takes.": "这些镜头不支持此操作。",
        "Choose one take.": "请选择一条。",
        "A sweep of {} looks is not allowed.": "不能一次试 {} 种风格。",
        "Choose 1 to {} presets.": "请选择 1 到 {} 个预设。",
        "There is no such sweep.": "没有这一组风格试拍。",
        "Choose one of its takes in the strip.": "请在胶片条中选择其中一条。",
        "None of these looks has a clip yet.": "这些风格都还没有片段。",
        "Wait for one, or run them again.": "请等待完成，或重新运行。",
        # The library
        "There is no clip {}.": "没有片段 {}。",
        "Choose one of the library.": "请选择片库中的片段。",
        "The file of clip {} is no longer in the library: {}.": (
            "片段 {} 的文件已不在片库中：{}。"
        ),
        "Put it back, or render its recipe again.": "请把它放回，或用其配方重新渲染。",
        "{} is no longer in the library.": "{} 已不在片库中。",
        "Put it back first.": "请先把它放回。",
        "{} stars are not allowed.": "不能给 {} 星。",
        "Give 0 to {}.": "请给 0 到 {} 星。",
        "{} tags are too many.": "{} 个标签太多了。",
        "Use up to {}.": "最多 {} 个。",
        "“{}” cannot be a tag.": "“{}”不能用作标签。",
        "Use 1 to {} letters in one line.": "请使用 1 到 {} 个字，不换行。",
        "The search is too long.": "搜索内容太长。",
        "Use a few words.": "请只用几个词。",
        "This clip is not in the trash.": "这个片段不在回收站里。",
        "Put it there first.": "请先把它移到回收站。",
        "{} was changed by another program.": "{} 被其他程序改动过。",
        "Look at it, and delete it in your file manager.": "请查看后在文件管理器中删除。",
        "{} could not be moved to {}: {}.": "无法把 {} 移到 {}：{}。",
        "Close any program that shows it, and make sure that the folder may be written to.": (
            "请关闭正在显示它的程序，并确认文件夹可以写入。"
        ),
        "{} could not be deleted: {}.": "无法删除 {}：{}。",
        "Close any program that shows it, then try again.": "请关闭正在显示它的程序后重试。",
        "{} could not be opened: {}.": "无法打开 {}：{}。",
        "Copy the file's path, and open it in your file manager.": (
            "请复制文件路径，在文件管理器中打开。"
        ),
        "The folder would open on the computer that the studio runs on.": (
            "文件夹会在运行本程序的电脑上打开。"
        ),
        "Copy the file's path, or save the clip.": "请复制文件路径，或保存片段。",
        "That cannot be done with this clip.": "这个片段不支持此操作。",
        "Choose another action.": "请选择其他操作。",
        "There is nothing to keep from {} to {} seconds.": "{} 到 {} 秒之间没有可保留的内容。",
        "Choose a start before an end, within 0 and {} seconds.": (
            "起点应早于终点，且都在 0 到 {} 秒之内。"
        ),
        "{} is not a {} file.": "{} 不是 {} 文件。",
        "Let it end in {}.": "文件名应以 {} 结尾。",
        "{} exists already.": "{} 已存在。",
        "Choose another name.": "请换一个名称。",
        "{} could not be written: {}.": "无法写入 {}：{}。",
        "Make sure that the disk of {} has room and may be written to.": (
            "请确认 {} 所在的磁盘有空间且可以写入。"
        ),
        "The library's index {} was written by a newer version of the studio.": (
            "片库索引 {} 由更新版本的程序写成。"
        ),
        "Update the studio, then start it again.": "请更新程序后重新启动。",
        "The library's index {} is damaged and cannot be put aside: {}.": (
            "片库索引 {} 已损坏，且无法移开：{}。"
        ),
        "Close every other window of the studio, then start it again.": (
            "请关闭本程序的所有其他窗口后重新启动。"
        ),
        "The library's index {} cannot be used: {}.": "无法使用片库索引 {}：{}。",
        "Make sure that its disk has room and that no other program holds it.": (
            "请确认其磁盘有空间，且没有被其他程序占用。"
        ),
        # Videos and what they carry
        "There is no file {}.": "没有文件 {}。",
        "Check the name and the folder.": "请检查名称和文件夹。",
        "{} cannot be read as a video: {}.": "无法把 {} 作为视频读取：{}。",
        "no frames": "没有画面",
        "ffmpeg ended with {}": "ffmpeg 以 {} 结束",
        "Choose a video file that plays to its end.": "请选择能完整播放的视频文件。",
        "{} carries no recipe.": "{} 不带配方。",
        "Choose a clip made here.": "请选择本程序制作的片段。",
        "This file carries no recipe of this studio.": "这个文件不带本程序的配方。",
        "The recipe in this file cannot be read.": "无法读取这个文件中的配方。",
        "{} is no clip's id.": "{} 不是片段的编号。",
        # Models on this computer
        "{} is built in.": "{} 是内置的。",
        "Choose another model.": "请选择其他模型。",
        "{} is built in: there is nothing to download.": "{} 是内置的，无需下载。",
        "If its files are damaged, get the program itself again.": (
            "若其文件已损坏，请重新获取本程序。"
        ),
        "There is no “{}” of {}.": "{1} 没有“{0}”这个版本。",
        "The folder {} cannot be made: {}.": "无法创建文件夹 {}：{}。",
        "Choose another folder.": "请选择其他文件夹。",
        "{} has files already.": "{} 里已有文件。",
        "Choose another folder, or point at this one if it is the model.": (
            "请选择其他文件夹；如果它就是该模型，请直接指定。"
        ),
        "{} is not the whole of {}: {} is missing.": "{} 不是完整的 {}：缺少 {}。",
        "Choose the folder that holds model_index.json of {}.": (
            "请选择含有 {} 的 model_index.json 的文件夹。"
        ),
        "{} is another model than {}.": "{} 不是 {}，而是另一个模型。",
        "Choose the folder of {}.": "请选择 {} 的文件夹。",
        "Download it first.": "请先下载。",
        "The files of {} could not be read: {}.": "无法读取 {} 的文件：{}。",
        "Make sure that their disk is there, and check again.": "请确认磁盘已连接，然后重新校验。",
        "{} has no downloaded files.": "{} 没有已下载的文件。",
        "Only a downloaded model can be removed.": "只能移除已下载的模型。",
        "{} could not be removed: {}.": "无法移除 {}：{}。",
        "Close every studio that uses it and run the same again.": (
            "请关闭所有正在使用它的程序后重试。"
        ),
        "The note of where {} is cannot be read.": "无法读取 {} 的位置记录。",
        "Delete {} and point at the folder again.": "请删除 {}，再重新指定文件夹。",
        "The list of files in {} cannot be read.": "无法读取 {} 中的文件清单。",
        "Delete {} and download the model again; nothing that is there comes anew.": (
            "请删除 {} 后重新下载模型，已有的文件不会重复下载。"
        ),
        "That cannot be done with a model.": "模型不支持此操作。",
        "There is nothing of {} to release.": "{} 没有可释放的文件。",
        "Only the published experts of a whole model that was downloaded here can be.": (
            "只有在本机下载的完整模型的原版专家可以释放。"
        ),
        "The published experts of {} are released already.": "{} 的原版专家已释放。",
        "To have them back, run: {}": "要取回请运行：{}",
        "{} runs in {} here, and is not kept so yet.": "{} 在本机以 {} 运行，但还没有这样保存。",
        "Make one clip with it first, without LoRAs (--slow); where it is still not kept then, the "
        "published files are the smaller ones, and stay.": (
            "请先用它制作一个片段，不用 LoRA（--slow）；若之后仍未保存，说明原版文件更小，会保留。"
        ),
        "{} could not be released: {}.": "无法释放 {}：{}。",
        # Downloads
        "{} is being downloaded already.": "{} 已在下载。",
        "Wait for the other window or command.": "请等待另一个窗口或命令完成。",
        "{} is not being downloaded.": "{} 没有在下载。",
        "Start it first.": "请先开始下载。",
        "The download has not stopped yet.": "下载还没有停下来。",
        "Try again in a minute.": "请一分钟后再试。",
        "{} takes another {} GB and {} GB are free in {}.": (
            "{0} 还需 {1} GB，而 {3} 仅剩 {2} GB。"
        ),
        "Free some space, or choose a folder on another disk.": (
            "请腾出空间，或选择另一个磁盘上的文件夹。"
        ),
        "{} came damaged, twice.": "{} 下载了两次，都是损坏的。",
        "Choose another mirror, or try again later.": "请换一个镜像，或稍后再试。",
        "{} is not whole: {} is missing.": "{} 不完整：缺少 {}。",
        "The repository does not have it now. Choose another mirror, or try later.": (
            "仓库中目前没有它。请换一个镜像，或稍后再试。"
        ),
        "{} could not be downloaded: {}.": "无法下载 {}：{}。",
        "Check the connection and download again; it goes on where it stopped.": (
            "请检查网络后重新下载，会从中断处继续。"
        ),
        "This computer computes otherwise than when {} was begun.": (
            "本机的计算方式与开始下载 {} 时不同。"
        ),
        "Download it again; only what was made before comes anew.": (
            "请重新下载，只会重新获取之前已转换的部分。"
        ),
        "{} could not be made of {}: {}.": "无法由 {1} 转换出 {0}：{2}。",
        "Free the disk and download again; it goes on where it stopped.": (
            "请腾出磁盘空间后重新下载，会从中断处继续。"
        ),
        "The connection is lost: {}.": "连接中断：{}。",
        "The next try is in {} seconds.": "{} 秒后重试。",
        "The download could not be written: {}.": "无法写入下载内容：{}。",
        "Free the disk or choose another folder; it goes on where it stopped.": (
            "请腾出磁盘空间或选择其他文件夹，会从中断处继续。"
        ),
        "The disk is full.": "磁盘已满。",
        "Free some space; it goes on where it stopped.": "请腾出空间，会从中断处继续。",
        "The download ended in a way that nobody foresaw.": "下载意外结束。",
        "Start it again; it goes on.": "请重新开始，会接着下载。",
        "the server answers {}": "服务器返回 {}",
        "the file came with another length": "收到的文件长度不符",
        "“{}” is no address of a mirror.": "“{}”不是镜像地址。",
        "Write it in full, as https://modelscope.cn.": (
            "请填写完整地址，例如 https://modelscope.cn。"
        ),
        "{} at {} has none of the files it should have.": "{1} 上的 {0} 没有所需的文件。",
        "Choose another mirror.": "请换一个镜像。",
        "{} does not give {}: {}.": "{} 不提供 {}：{}。",
        "{} does not answer": "{} 没有响应",
        "ModelScope does not have {}.": "ModelScope 上没有 {}。",
        "Choose Hugging Face or another mirror; what came stays, and it goes on from there.": (
            "请改用 Hugging Face 或其他镜像；已下载的内容会保留，并从那里继续。"
        ),
        "Downloads are switched off by HF_HUB_OFFLINE.": "HF_HUB_OFFLINE 关闭了下载。",
        "Remove that variable.": "请移除该环境变量。",
        # Presets: one of them
        "There is no preset “{}”.": "没有名为“{}”的预设。",
        "Choose another one.": "请选择其他预设。",
        "Did you mean: {}.": "是不是：{}。",
        "There is a preset “{}” already.": "已有名为“{}”的预设。",
        "Choose another id.": "请换一个 id。",
        "“{}” comes with Rushes and stays.": "“{}”随程序附带，不能移除。",
        "Only your own presets can be removed.": "只能移除自己的预设。",
        "The id of “{}” stays what it is, as recipes name it.": (
            "“{}”的 id 不能改，因为配方通过它引用预设。"
        ),
        "Duplicate it under the new id.": "请以新的 id 复制一份。",
        "The file {} is in the way.": "已有文件 {}。",
        "Rename it, or give the new preset another id.": "请给它改名，或给新预设换一个 id。",
        "The file {} exists already.": "文件 {} 已存在。",
        "Several presets need a pack.": "多个预设需要打包。",
        "Choose a name that ends in .zip.": "请选择以 .zip 结尾的名称。",
        "The file of “{}”: {}.": "“{}”的文件：{}。",
        "it is written so unusually that a change would disturb the rest": (
            "写法太特殊，改动会影响其余内容"
        ),
        "Edit it by hand.": "请手动编辑。",
        "That cannot be done with a preset.": "预设不支持此操作。",
        "There is no look to keep yet.": "还没有可保存的风格。",
        "Choose cards or presets on the Create page first.": "请先在创作页选择卡片或预设。",
        "This clip was made without a look.": "这个片段没有使用风格。",
        "Choose another clip.": "请选择其他片段。",
        "This clip was made with “{}”, which this Rushes does not know.": (
            "这个片段由“{}”制作，当前版本不认识该模型。"
        ),
        "Update Rushes, or choose another clip.": "请更新 Rushes，或选择其他片段。",
        # Presets: files, packs and pictures
        "The preset file {} cannot be read: {}.": "无法读取预设文件 {}：{}。",
        "Check its name and that it may be opened.": "请检查名称以及是否允许打开。",
        "Check that it may be opened.": "请检查是否允许打开。",
        "{} is no preset.": "{} 不是预设。",
        "Choose a .yaml file, a folder or a .zip of them, or a clip made here.": (
            "请选择 .yaml 文件、其文件夹或 .zip 包，或本程序制作的片段。"
        ),
        "{}: “{}” is the id of {} too.": "{0}：“{1}”同时也是 {2} 的 id。",
        "Give one of them another id.": "请给其中一个换一个 id。",
        "There is a preset “{}” already, and {} says something else.": (
            "已有名为“{}”的预设，而 {} 的内容不同。"
        ),
        "Replace it, or keep both.": "请选择替换，或两个都保留。",
        "{} unpacks to far more than it is.": "{} 解压后的大小异常。",
        "{} holds a file whose name leads out of it.": "{} 中有文件名指向包外。",
        "{} holds a link instead of a file.": "{} 中有链接而不是文件。",
        "It is safer not to open it; ask for the YAML files themselves.": (
            "为安全起见不要打开，请向对方索取 YAML 文件本身。"
        ),
        "{} cannot be unpacked.": "无法解压 {}。",
        "Have it packed again, as an ordinary zip.": "请让对方重新打包成普通的 zip。",
        "{} holds more than a pack of presets.": "{} 的内容超出了预设包的上限。",
        "Make packs of at most {} presets and {} MB.": "每个包最多 {} 个预设、{} MB。",
        "The picture of “{}” cannot be used: {}.": "无法使用“{}”的图片：{}。",
        "it is larger than {} MB": "超过了 {} MB",
        "it has {}×{} pixels": "它有 {}×{} 像素",
        "it cannot be read": "无法读取",
        "{} cannot be opened, {}": "无法打开 {}，{}",
        "Use a PNG, JPEG or WebP file of at most {} pixels a side and {} MB.": (
            "请使用每边不超过 {} 像素、不超过 {} MB 的 PNG、JPEG 或 WebP 文件。"
        ),
        # Presets: what is wrong in a file, and where
        "{}, line {}": "{}（第 {} 行）",
        "{}, line {}: {}": "{}（第 {} 行）：{}",
        "{}, line {}, {}: {}": "{}（第 {} 行，{}）：{}",
        "{}, “{}”: {}": "{}（“{}”）：{}",
        "This preset": "此预设",
        "This file": "此文件",
        "{} is empty": "{}：内容为空",
        "{} is not a list of keys and values": "{}：不是由键和值组成的",
        "Start it with “schema: 1”.": "请以“schema: 1”开头。",
        "{}: it is written in schema {}, and this Rushes reads up to {}": (
            "{}：它按 schema {} 编写，而当前版本最高支持 {}"
        ),
        "Update Rushes, or ask for the preset in an older schema.": (
            "请更新 Rushes，或索取旧 schema 的预设。"
        ),
        "this key is missing": "缺少这个键",
        "Add it.": "请补上。",
        "this list is empty": "这个列表是空的",
        "Name at least one, or leave the key out.": "请至少写一项，或去掉这个键。",
        "this must be a list": "这里必须是列表",
        "Write it as [one, two].": "请写成 [one, two] 的形式。",
        "this must be words": "这里必须是文字",
        "Put it in quotes, or write words.": "请加上引号，或改写成文字。",
        "this must be keys and values": "这里必须是键和值",
        "Write each as “key: value”.": "请逐项写成“key: value”的形式。",
        "The keys are: {}.": "可用的键：{}。",
        "this key is unknown": "没有这个键",
        "Now it is {}.": "现在是 {}。",
        "“{}” is not an id": "“{}”不能用作 id",
        "Use small letters a to z, digits and single hyphens, at most {}.": (
            "请使用小写字母 a 到 z、数字和单个连字符，最多 {} 个字符。"
        ),
        "Windows keeps the name “{}” for itself": "“{}”是 Windows 的保留名称",
        "“{}” is not a plain file name": "“{}”不是普通的文件名",
        "Use letters, digits and hyphens, no folder, ending in {}.": (
            "请使用字母、数字和连字符，不含文件夹，以 {} 结尾。"
        ),
        "it holds the character U+{}, which cannot be shown": "其中含有无法显示的字符 U+{}",
        "Take it out.": "请去掉。",
        "it has {} times {{prompt}}": "其中有 {} 个 {{prompt}}",
        "Write {{prompt}} exactly once, where the person's own words go.": (
            "请只写一次 {{prompt}}，放在使用者文字所在的位置。"
        ),
        "no model's negative prompt has “{}”, so it cannot be removed": (
            "没有模型的负面提示词含有“{}”，无法从中去掉"
        ),
        "it says nothing": "没有内容",
        "Write en, zh or both.": "请写 en、zh 或两者都写。",
        "a term is there twice": "有一项重复了",
        "{} terms are too many": "{} 项太多了",
        "Keep at most {}.": "最多保留 {} 项。",
        "Keep one of them.": "请只保留一个。",
        "it is larger than {} KB": "超过了 {} KB",
        "Keep only the look in it.": "请只保留风格的内容。",
        "it is not UTF-8 text": "不是 UTF-8 文本",
        "Save it as UTF-8.": "请另存为 UTF-8。",
        "it is not YAML: {}": "不是有效的 YAML：{}",
        "Check the indentation, quotes and brackets around that line.": (
            "请检查该行附近的缩进、引号和括号。"
        ),
        "Write it with an editor for plain text.": "请用纯文本编辑器编写。",
        "it is not YAML: an escape in quotes names no character": (
            "不是有效的 YAML：引号中的转义不对应任何字符"
        ),
        "an escape in quotes is half a character": "引号中的转义只是半个字符",
        "Write the character itself.": "请直接写出该字符。",
        "directives (%) are not allowed": "不允许使用指令（%）",
        "Leave that line out.": "请去掉该行。",
        "a second document starts here": "从这里开始是第二个文档",
        "Keep one to a file.": "一个文件只放一个。",
        "it holds more than {} values": "其中的值超过了 {} 个",
        "Say less.": "请精简内容。",
        "it is more than {} levels deep": "嵌套超过了 {} 层",
        "Nest less.": "请减少嵌套。",
        "a key must be a plain word": "键必须是普通的词",
        "Name the key.": "请写出键名。",
        "the key “{}” is there twice": "键“{}”重复了",
        "“{}” is not a number": "“{}”不是数字",
        "Put it in quotes, or correct it.": "请加上引号，或改正。",
        "anchors (&) and aliases (*) are not allowed": "不允许使用锚点（&）和别名（*）",
        "Write the value out.": "请直接写出值。",
        "tags (!) are not allowed": "不允许使用标签（!）",
        "Write the plain value.": "请只写值。",
        # The program itself
        "The settings file {} cannot be understood.": "无法识别设置文件 {}。",
        "Correct it, or delete it to return to the defaults.": "请改正它，或删除它以恢复默认设置。",
        "The settings name a model “{}” that there is not.": "设置中的模型“{}”不存在。",
        "Correct {}; the models are: {}.": "请改正 {}；可用的模型有：{}。",
        "The ports {} to {} are all in use.": "{} 到 {} 的端口都被占用。",
        "Close another program, or choose a port with --port.": (
            "请关闭其他程序，或用 --port 指定端口。"
        ),
    }
)

# What the system and the libraries say, which stands in our sentences as a value.
BORROWED = MappingProxyType(
    {
        # What systems say of files and disks
        "Permission denied": "没有权限",
        "Operation not permitted": "不允许此操作",
        "No such file or directory": "没有这个文件或文件夹",
        "File exists": "文件已存在",
        "Is a directory": "这是一个文件夹",
        "Not a directory": "这不是文件夹",
        "Directory not empty": "文件夹不是空的",
        "No space left on device": "磁盘已满",
        "Read-only file system": "磁盘是只读的",
        "Device or resource busy": "正被占用",
        "Input/output error": "读写出错",
        "File name too long": "文件名太长",
        "[Errno {}] {}": "{1}（错误 {0}）",
        "[Errno {}] {}: {}": "{1}：{2}（错误 {0}）",
        "[WinError {}] {}: {}": "{1}：{2}（错误 {0}）",
        # What systems and httpx say of connections
        "Connection refused": "连接被拒绝",
        "Connection reset by peer": "连接被对方断开",
        "Network is unreachable": "网络不可用",
        "Name or service not known": "找不到该地址",
        "Temporary failure in name resolution": "暂时无法解析地址",
        "getaddrinfo failed": "找不到该地址",
        "All connection attempts failed": "所有连接尝试都失败了",
        "Server disconnected without sending a response": "服务器没有回应就断开了",
        "timed out": "连接超时",
        "The read operation timed out": "读取超时",
        "ConnectTimeout": "连接超时",
        "ReadTimeout": "读取超时",
        # SQLite
        "database is locked": "数据库被占用",
        "database or disk is full": "磁盘已满",
        "disk I/O error": "磁盘读写出错",
        "database disk image is malformed": "数据库已损坏",
        "file is not a database": "这不是数据库文件",
        "unable to open database file": "无法打开数据库文件",
        "attempt to write a readonly database": "数据库是只读的",
        # pydantic, of the values of a preset
        "this should be {}": "这里应为 {}",
        "this should be {} or {}": "这里应为 {} 或 {}",
        "this should be a valid integer": "这里应为整数",
        "this should be a valid number": "这里应为数字",
        "this should be greater than or equal to {}": "这里应不小于 {}",
        "this should be less than or equal to {}": "这里应不大于 {}",
        "String should have at least {} character": "文字不能为空",
        "String should have at most {} characters": "文字最多 {} 个字符",
        "String should match pattern '{}'": "文字应符合格式 {}",
        # ruamel.yaml
        "mapping values are not allowed here": "此处不能写键和值",
        "mapping keys are not allowed here": "此处不能写键",
        "sequence entries are not allowed here": "此处不能写列表项",
        "could not find expected {}": "缺少 {}",
        "expected {} or {}, but got {}": "应为 {} 或 {}，实际为 {}",
        "expected {}, but found {}": "应为 {}，实际为 {}",
        "expected the node content, but found {}": "这里应有内容，实际为 {}",
        "expected <block end>, but found {}": "缩进不一致，或此处多出了 {}",
        "found unexpected end of stream": "文件在引号内突然结束",
        "found unexpected document separator": "引号内出现了文档分隔符",
        "found character {} that cannot start any token": "不能以字符 {} 开头",
        "found unknown escape character {}": "没有 {} 这样的转义",
        "found non-comment content after document end marker, {}": "文档结束之后还有内容",
        "unacceptable character {}: special characters are not allowed": "含有不允许的字符 {}",
    }
)


class _Template(NamedTuple):
    """pattern: of the English without its full stop, a group for each value. quoted: which of them
    stand in quotes, being somebody's own words. stopped: it had a full stop. own: how much of it
    is no value."""

    pattern: re.Pattern[str]
    quoted: tuple[bool, ...]
    stopped: bool
    own: int
    chinese: str


def told(sentence: str, language: str) -> str:
    """What the studio says in English, in that language; as it is where no other is known."""
    return _chinese(sentence) if language == "zh" else sentence


@lru_cache(maxsize=1024)
def _chinese(sentence: str) -> str:
    if sentence.startswith(_QUOTES):
        return sentence
    bare = _bare(sentence)
    stop = "" if bare == sentence else "。"
    if bare in _WHOLE:
        return _WHOLE[bare] + stop
    for template in _TEMPLATES[bool(stop)]:
        if found := template.pattern.fullmatch(bare):
            values = [
                value if quoted else _chinese(value)
                for value, quoted in zip(found.groups(), template.quoted, strict=True)
            ]
            return template.chinese.format(*values) + stop
    return sentence


def _bare(sentence: str) -> str:
    """Without its full stop: inside another sentence it stands without, too."""
    return sentence.removesuffix(".").removesuffix("。")


def _compiled(english: str, chinese: str) -> _Template:
    bare = _bare(english)
    pattern, quoted = "", []
    for words, field, _, _ in Formatter().parse(bare):
        pattern += re.escape(words)
        if field is not None:
            pattern += "(.*?)"
            quoted.append(words.endswith("“"))
    return _Template(
        pattern=re.compile(pattern, re.DOTALL),
        quoted=tuple(quoted),
        stopped=bare != english,
        own=len(bare.replace("{}", "")),
        chinese=_bare(chinese),
    )


# So begins what Python wrote of a value.
_QUOTES = ("'", '"')
_KNOWN = SENTENCES | BORROWED
_WHOLE = {
    **{category.name.en.lower(): category.name.zh for category in CATEGORIES},
    **{
        _bare(english).format(): _bare(chinese).format()
        for english, chinese in _KNOWN.items()
        if "{}" not in english
    },
}
_COMPILED = [_compiled(*pair) for pair in _KNOWN.items() if "{}" in pair[0]]
# Where several fit, a sentence for what has a full stop, else a part of one; then the one that says
# the most itself.
_TEMPLATES = {
    stop: sorted(_COMPILED, key=lambda each: (each.stopped is not stop, -each.own))
    for stop in (True, False)
}

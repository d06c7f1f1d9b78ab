//! A voice's net: VITS as Piper exports it to ONNX, run by rten on one thread.

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView, op_registry};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// The net's noise is drawn from this seed, so that equal sentences sound equal.
const SEED: u64 = 1;

/// A loaded net, of about the size of its file.
#[derive(Debug)]
pub(super) struct Net {
    model: Model,
    ids: NodeId,
    length: NodeId,
    scales: NodeId,
    /// Which speaker; only nets of several have it.
    speaker: Option<NodeId>,
    sound: NodeId,
}

/// How a sentence is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Of the voice itself.
    pub(super) noise: f32,
    /// Over 1: slower.
    pub(super) length: f32,
    /// Of how long each phoneme is.
    pub(super) length_noise: f32,
    pub(super) speaker: i32,
}

impl Net {
    /// Errors say in words what is wrong with the file.
    pub(super) fn load(onnx: Vec<u8>) -> Result<Self, String> {
        let model = guarded(|| options().load(onnx).map_err(words))?;
        let node = |name: &str| model.node_id(name).map_err(|_| format!("it has no input `{name}`"));
        let (ids, length, scales) = (node("input")?, node("input_lengths")?, node("scales")?);
        let sound = *model.output_ids().first().ok_or("it has no output")?;
        Ok(Self { ids, length, scales, speaker: model.find_node("sid"), sound, model })
    }

    /// Samples from −1 to 1, a little more at times.
    pub(super) fn say(&self, ids: Vec<i32>, manner: Manner) -> Result<Vec<f32>, String> {
        let count = ids.len();
        let length = i32::try_from(count).map_err(|_| "too many phonemes")?;
        let scales = vec![manner.noise, manner.length, manner.length_noise];
        let mut inputs: Vec<(NodeId, ValueOrView<'_>)> = vec![
            (self.ids, Value::from_shape([1, count], ids).map_err(words)?.into()),
            (self.length, Value::from_shape([1], vec![length]).map_err(words)?.into()),
            (self.scales, Value::from_shape([3], scales).map_err(words)?.into()),
        ];
        if let Some(speaker) = self.speaker {
            inputs.push((speaker, Value::from_shape([1], vec![manner.speaker]).map_err(words)?.into()));
        }
        // A thread of its own: the work is one piece of the media pool's, and nobody else draws from the thread's noise.
        let thread = Arc::new(ThreadPool::with_num_threads(1));
        let options = RunOptions::default().with_thread_pool(Some(thread.clone()));
        let run = || {
            fastrand::seed(SEED);
            self.model.run(inputs, &[self.sound], Some(options)).map_err(words)
        };
        match guarded(|| thread.run(run))?.pop() {
            Some(Value::FloatTensor(sound)) => {
                let samples = sound.into_data();
                let is_sound = samples.iter().all(|sample| sample.is_finite());
                is_sound.then_some(samples).ok_or_else(|| "its sound is not of numbers".to_owned())
            }
            _ => Err("its answer is no sound".to_owned()),
        }
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What a file makes rten do is its own trouble, not the program's.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("it cannot be run".to_owned()))
}

/// The operators of Piper's voices alone: the others (a third of rten's code) are not linked.
fn options() -> ModelOptions {
    ModelOptions::with_ops(op_registry!(
        Add,
        And,
        Cast,
        Ceil,
        Clip,
        Concat,
        ConstantOfShape,
        Conv,
        ConvTranspose,
        CumSum,
        Div,
        Equal,
        Erf,
        Exp,
        Expand,
        Flatten,
        Floor,
        Gather,
        GatherElements,
        GatherND,
        Greater,
        GreaterOrEqual,
        Identity,
        LayerNormalization,
        LeakyRelu,
        Less,
        LessOrEqual,
        Log,
        MatMul,
        Max,
        Min,
        Mul,
        Neg,
        NonZero,
        Not,
        Pad,
        Pow,
        RandomNormalLike,
        Range,
        ReduceMax,
        ReduceMean,
        ReduceSum,
        Relu,
        Reshape,
        ScatterND,
        Shape,
        Sigmoid,
        Slice,
        Softmax,
        Softplus,
        Split,
        Sqrt,
        Squeeze,
        Sub,
        Tanh,
        Transpose,
        Unsqueeze,
        Where
    ))
}

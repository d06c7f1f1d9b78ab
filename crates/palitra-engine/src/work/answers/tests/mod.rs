mod held;
mod late;

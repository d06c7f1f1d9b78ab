//! What prompts say in English.

use super::Phrases;

pub(super) const PHRASES: Phrases = Phrases {
    kinds: [
        (
            "The hero is the centre of attention and the eye finds them at once: the figure stands slightly off the middle, is well separated from the background and takes about half of the height, with hands and fingers drawn correctly.",
            [
                "The pose is natural and calm, the shoulders are relaxed, the head is turned a little toward the viewer, the expression is lively and open. The clothes are simple, with readable folds and a fabric one can feel, in two main colours and one bright accent that does not compete with the face.",
                "The movement is caught at its most expressive moment and the silhouette is clear. The fabric follows the movement, with visible seams, weave and soft folds; the colours of the clothes answer those of the surroundings, and one object in the hands adds a story.",
            ],
        ),
        (
            "The animal is shown large and with respect for its proportions: the look is lively and goes straight to the viewer, the pose is typical of its kind, the whole figure fits into the picture and is well separated from the background.",
            [
                "The texture of fur, feathers or scales is rendered finely, with single strands and soft changes of colour; the eyes shine and hold a reflection. Ears, paws and tail have the right form, the movement is calm, the mood friendly and curious.",
                "The silhouette is smooth and expressive, the coat is rich in warm and cool shades. Small details are visible: whiskers, the pads of the paws, glints on a wet nose. The animal seems real, warm to the touch and ready for its next step.",
            ],
        ),
        (
            "It is a wide view with a near, a middle and a far plane: the eye enters along a path or a line of water, rests on the main place in the depth and goes on to the horizon, and nothing unneeded stands at the edges.",
            [
                "The forms are large and clear and the rhythm of the lines is calm; far parts are paler and softer than near ones, so that depth is felt at once. The colours are natural and clean with one warm accent; stone, water and foliage can be told apart without breaking up the picture.",
                "Ground, water and sky take bands of different size and each has a life of its own: glints, reflections, a slight movement of the air. The palette is restrained, three related tones and one in contrast, with smooth transitions and precise edges.",
            ],
        ),
        (
            "The architecture is seen from the eye level of a passer-by, with straight verticals and a correct perspective; the main structure has a prominent place and enough air around it for its whole form to be read.",
            [
                "The materials are known at first sight: stone, brick, wood, glass and metal, each with its own texture and its own traces of time. The proportions are exact, and small details such as cornices, handles and plain signs are gathered where the viewer looks.",
                "The forms are simple and solid, the rhythm of windows and openings is even, the lines lead into the depth. The colours are muted with one warm spot that makes the place lived in; a few objects give the scale and tell of the life here.",
            ],
        ),
        (
            "There is one main object, slightly off the middle, well separated from the background and shown whole from its most telling side; its scale is clear and nothing beside it competes for attention.",
            [
                "The form is clear, the edges are precise and the material is known at first sight: a fine surface texture, soft glints and natural shadows. The colours are clean and in harmony: two main tones and one bright accent that leads to what matters most.",
                "The surface is alive, with slight unevenness and traces of use that tell a story. Small details are gathered in one place and the rest is quiet; reflections and halftones model the volume, so that the object seems real and can almost be touched.",
            ],
        ),
    ],
    edit: (
        "Only what is named changes; everybody in the original picture stays the same as there, stands the same and is recognised at once. Composition, angle and distance to the viewer are kept, and what is new is fitted in without seams.",
        [
            "New parts repeat the texture, sharpness and grain of the original picture, and their scale and perspective agree with it. Clothes, objects and background get exactly the changes that are asked for; everything else stays untouched to the last detail.",
            "The changes look as if they had been there when the picture was taken: folds, reflections and shadows of the new parts obey the same rules as those beside them. Colours agree with the original, borders are clean, without halos, repetitions or traces of editing.",
        ],
    ),
    places: [
        "Around it lie an open shore and water up to the horizon: unhurried waves with thin foam, wet sand with reflections, a few smooth stones and a distant strip of land. The air is clear and a light wind can be felt; far away a small sail is barely visible.",
        "Around it mountains recede in layers: a near slope with stones and sparse grass, dark ridges behind it and pale peaks in the haze. Below, a valley with the thin line of a river can be guessed; there is much space, calm and majestic, and the air is clean.",
        "Around it is a forest: the trunks stand freely, with ferns, moss and a narrow path between them that leads into the depth. Far trees melt into a light haze, near branches frame the picture above and at the sides; the leaves are fresh and the ground is soft.",
        "Around it is blooming green: low grasses, flowers on thin stems, bushes with soft foliage and a path that gently leads inward. Plants near the viewer are larger and a little blurred, far ones merge into quiet areas of colour; a butterfly passes between them.",
        "Around it is a city: houses of different heights, warm shop windows, paving stones and a few passers-by in the distance who do not distract. The lines of the houses lead into the depth, with roofs and towers far away; there is no lettering on walls or signs.",
        "Around it is a lived-in place: a large window, a wooden surface, a few books, a plant in a clay pot and some soft fabric. The objects stand loosely and hide nothing important; the walls have a quiet tone, and a doorway and shelves can be guessed in the depth.",
        "Around it is deep space: distant stars of different brightness, a thin nebula, the edge of a large planet with the smooth arc of its atmosphere. There is much emptiness that shows the scale; fine dust marks the distance and lets movement be felt.",
        "The background is simple and quiet, with a smooth change of tone from edge to edge and a light texture like paper or plaster. There is much free room around the main thing, a few modest objects at the edges hint at scale and theme, the ground line is barely visible.",
    ],
    times: [
        "The light is soft and slanting, the sun is low and only rising: warm golden rays come from the side, the shadows are long, transparent and bluish. There is a light haze in the air, edges glow a little, the brightest places keep their colour and dark ones stay deep.",
        "The light is clear and even, the sun stands high and a little to the side: the colours are clean, the shadows short with soft edges and full of detail. Bright surfaces send some warmth to their neighbours, the contrast is moderate, and volume is easy to read.",
        "The light is warm and low, the sun is going below the horizon: orange and pink reflections lie on the edges, the shadows are long and turn violet. The main thing is outlined by a thin bright rim, the far plane sinks into soft haze, the contrast is deep but not harsh.",
        "The light is that of the night: a cool glow from above and a few warm sources near the main thing that pick it out of the dark. The shadows are deep, yet forms can be guessed in them; highlights are precise and few, lamps have a slight halo, colours are rich and clean.",
        "The light is soft and diffuse, from the upper left and slightly from the front: it models the volume, leaves gentle shadows and makes no hard spots. A weak warm fill from the other side lifts the dark places, a thin highlight runs along the edge, the contrast is pleasant.",
    ],
    styles: [
        "The style is an art photograph: natural colours, precise sharpness on the main thing and a soft blur behind it, truthful texture, a light film grain. The composition follows the rule of thirds at eye level, the finish is restrained; no lettering, frames or watermarks.",
        "The style is a modern book illustration: clear silhouettes, flowing lines of varied weight, a limited palette, a light paper texture. Forms are slightly simplified, the mood is kind and calm, details gather around the main thing; no lettering, frames or watermarks.",
        "The style is watercolour on heavy paper: transparent layers of paint, soft blooms and white places left open, a thin pencil drawing underneath. The colours are fresh, edges now dissolve and now become precise, the paper can be seen; no lettering, frames or watermarks.",
        "The style is oil painting on canvas: confident broad strokes, thick paint in the lights and thin paint in the shadows, rich changes of warm and cool. Form is built by colour, edges are alive, the weave of the canvas can be seen; no lettering, frames or watermarks.",
        "The style is a frame of hand-drawn anime: a clean outline, even fills with one soft shadow, an expressive gesture and a carefully painted background. The colours are light and juicy, sky and distance are done in gouache, lines are sure; no lettering, frames or watermarks.",
        "The style is a scene of soft three-dimensional materials: rounded forms, matte surfaces with a fine texture, precise contact shadows and slightly translucent edges. The palette is pastel with one bright spot, all like a crafted toy; no lettering, frames or watermarks.",
    ],
    kept: [
        "The surroundings stay as in the original picture: the same objects in the same places, the same depth and the same distance between the planes. Where something new needs room, the background goes on naturally, with the same texture and blur, without gaps or chance objects.",
        "The light is that of the original picture: its direction, colour and softness do not change, and all that is new is lit the same way. Shadows fall to the same side with edges as soft as theirs, reflections and highlights agree, the lightest and the darkest places keep their detail.",
        "The style is that of the original picture: the same technique, the same treatment of colour, sharpness and grain, so that the edit cannot be told from the rest. The palette stays, and the only accent is where the change is made; no lettering, frames or watermarks.",
    ],
    nothing: "A picture after the original",
};
